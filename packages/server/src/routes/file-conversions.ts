// A smaller view of conversion jobs, for callers who know files and not jobs. Served where a definition claims
// `/api/files/convert`.
import { type AnyJobDefinition, AppError, fractionDone, type Job, payloadText } from "@meanwhile/core";
import type { ServerContext } from "../context.js";
import { fileOfResult } from "../file-result.js";
import { jobHeaders } from "../job-answer.js";
import { json, ref } from "../openapi/refs.js";
import { pathJobId } from "../query.js";
import type { Route } from "../route.js";
import { downloadRoutes } from "./files.js";

export const CONVERT_PATH = "/api/files/convert";

export function fileConversionRoutes(context: ServerContext): Route[] {
  const definition = context.catalog.definitions.find(({ http }) => http?.path === CONVERT_PATH);
  if (definition === undefined) return [];
  return [
    conversionRoute(context, definition),
    ...downloadRoutes(context, "/api/files/download/{fileId}", "ConvertedFile"),
  ];
}

function conversionRoute(context: ServerContext, { type }: AnyJobDefinition): Route {
  return {
    method: "GET",
    path: "/api/files/conversions/{id}",
    access: "jobs:read",
    document: {
      operationId: "getConversion",
      summary: "Read how far a conversion is",
      tag: "Files",
      responses: {
        "200": {
          description: "The conversion; `downloadUrl` once it is finished.",
          headers: ["Cache-Control", "Vary", "Retry-After"],
          content: json(ref("Conversion")),
        },
      },
      errors: ["job_not_found", "job_purged"],
    },
    async handle(request, reply) {
      const job = await context.engine.get(pathJobId(request), { principal: request.principal });
      if (job.type !== type) throw new AppError("job_not_found", { message: "There is no such conversion." });
      const { etag: _, ...headers } = jobHeaders(job, context.clock.now());
      return reply.headers(headers).send(JSON.stringify(conversionResource(job, context.options.linkBase)));
    },
  };
}

function conversionResource(job: Job, linkBase: string) {
  const file = job.status === "COMPLETED" && job.result !== null ? fileOfResult(payloadText(job.result)) : undefined;
  return {
    id: job.id,
    status: job.status,
    progress: fractionDone(job),
    message: job.progress?.message ?? null,
    ...(file === undefined ? {} : { downloadUrl: `${linkBase}/api/files/download/${file}` }),
    ...(job.error === null ? {} : { error: job.error }),
  };
}
