// The same job as generic clients of long-running operations expect it.
import { type Job, payloadText } from "@meanwhile/core";
import type { JobStatus } from "@meanwhile/protocol";
import type { ServerContext } from "../context.js";
import { jobHeaders } from "../job-answer.js";
import { json, ref } from "../openapi/refs.js";
import { pathJobId } from "../query.js";
import type { Route } from "../route.js";

export function operationRoutes(context: ServerContext): Route[] {
  return [
    {
      method: "GET",
      path: "/api/v2/operations/{id}",
      access: "jobs:read",
      document: {
        operationId: "getOperation",
        summary: "Read a job as a long-running operation",
        description: "For clients that know the convention and not this API, for instance `@azure/core-lro`.",
        tag: "Reading",
        responses: {
          "200": {
            description: "The operation.",
            headers: ["Cache-Control", "Vary", "Retry-After"],
            content: json(ref("Operation")),
          },
        },
        errors: ["job_not_found", "job_purged"],
      },
      async handle(request, reply) {
        const job = await context.engine.get(pathJobId(request), { principal: request.principal });
        const { etag: _, ...headers } = jobHeaders(job, context.clock.now());
        return reply.headers(headers).send(operationText(job));
      },
    },
  ];
}

export const OPERATION_STATUSES: Readonly<Record<JobStatus, string>> = {
  PENDING: "NotStarted",
  PROCESSING: "Running",
  COMPLETED: "Succeeded",
  FAILED: "Failed",
  CANCELLED: "Canceled",
  ROLLBACK_REQUIRED: "Running",
  ROLLBACK_PROCESSING: "Running",
  ROLLBACK_COMPLETED: "Failed",
};

function operationText(job: Job): string {
  const status = OPERATION_STATUSES[job.status];
  const result =
    job.status === "COMPLETED" ? `,"result":${job.result === null ? "null" : payloadText(job.result)}` : "";
  const hasError = status === "Failed" && job.error !== null;
  const error = hasError ? `,"error":${JSON.stringify({ code: job.error.code, message: job.error.message })}` : "";
  return `{"id":"${job.id}","status":"${status}"${result}${error}}`;
}
