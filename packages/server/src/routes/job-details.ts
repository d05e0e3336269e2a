// What hangs on a job: its progress, its result, its logs.
import { AppError, type Job, payloadText, progressResource } from "@meanwhile/core";
import { isTerminal, LOG_LEVELS, toInstantText } from "@meanwhile/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.js";
import { fileOfResult, fileResultTypes } from "../file-result.js";
import { JOB_CACHE_CONTROL, JOB_VARY, JSON_TYPE, jobHeaders } from "../job-answer.js";
import { json, ref } from "../openapi/refs.js";
import { AFTER_PARAMETER, LIMIT_PARAMETER, pathJobId, queryAfter, queryLimit, queryOneOf } from "../query.js";
import type { Route } from "../route.js";

export function jobDetailRoutes(context: ServerContext): Route[] {
  return [progressRoute(context), resultRoute(context), logsRoute(context)];
}

const PAGE_HEADERS = { "content-type": JSON_TYPE, "cache-control": JOB_CACHE_CONTROL, vary: JOB_VARY };

function progressRoute(context: ServerContext): Route {
  return {
    method: "GET",
    path: "/api/v2/jobs/{id}/progress",
    access: "jobs:read",
    ticket: "job",
    document: {
      operationId: "getProgress",
      summary: "Read how far a job is",
      tag: "Reading",
      responses: {
        "200": {
          description: "How far it is.",
          headers: ["Cache-Control", "Vary", "Retry-After"],
          content: json(ref("Progress")),
        },
      },
      errors: ["job_not_found", "job_purged"],
    },
    async handle(request, reply) {
      const job = await context.engine.get(pathJobId(request), { principal: request.principal });
      const { etag: _, ...headers } = jobHeaders(job, context.clock.now());
      return reply.headers(headers).send(JSON.stringify(progressResource(job)));
    },
  };
}

function resultRoute(context: ServerContext): Route {
  const fileTypes = fileResultTypes(context.catalog);
  const results = context.catalog.definitions.map(({ type }) => ref(`Result.${type}`));
  return {
    method: "GET",
    path: "/api/v2/jobs/{id}/result",
    access: "jobs:read",
    ticket: "job",
    document: {
      operationId: "getResult",
      summary: "Read the bare result of a job",
      description:
        "A result that is a file (a type whose result schema has a member `file` that is a UUID) answers 303 to the file's bytes.",
      tag: "Reading",
      responses: {
        "200": {
          description: "The result.",
          headers: ["Cache-Control", "Vary"],
          content: json(results.length === 0 ? {} : { anyOf: results }),
        },
        "303": { description: "The result is a file; its bytes are there.", headers: ["Location"], content: json({}) },
      },
      errors: ["job_not_found", "job_purged", "job_not_finished", "job_failed", "job_cancelled"],
    },
    async handle(request, reply) {
      const job = await context.engine.get(pathJobId(request), { principal: request.principal });
      if (job.status !== "COMPLETED") throw noResult(job);
      const body = job.result === null ? "null" : payloadText(job.result);
      const fileId = fileTypes.has(job.type) ? fileOfResult(body) : undefined;
      if (fileId === undefined) return reply.headers(PAGE_HEADERS).send(body);
      return redirectToFile(context, { request, reply, fileId, body });
    },
  };
}

async function redirectToFile(
  context: ServerContext,
  { request, reply, fileId, body }: { request: FastifyRequest; reply: FastifyReply; fileId: string; body: string },
): Promise<FastifyReply> {
  // The caller should not be sent to what is not there, or not theirs.
  await context.files.get(fileId, { principal: request.principal });
  return reply
    .code(303)
    .headers({ ...PAGE_HEADERS, location: `/api/v2/files/${fileId}` })
    .send(body);
}

function noResult(job: Job): AppError {
  const details = { jobId: job.id, jobStatus: job.status, error: job.error };
  if (!isTerminal(job.status)) {
    const { error: _, ...facts } = details;
    return new AppError("job_not_finished", {
      message: `The job is ${job.status}; it has no result yet.`,
      details: facts,
      retryAfterMs: 1_000,
    });
  }
  if (job.status === "CANCELLED") {
    return new AppError("job_cancelled", { message: "The job was cancelled; it has no result.", details });
  }
  return new AppError("job_failed", {
    message: `The job failed${job.error === null ? "" : `: ${job.error.message}`}`,
    details,
  });
}

function logsRoute(context: ServerContext): Route {
  return {
    method: "GET",
    path: "/api/v2/jobs/{id}/logs",
    access: "jobs:logs",
    ticket: "job",
    query: {
      after: AFTER_PARAMETER,
      limit: LIMIT_PARAMETER,
      level: { schema: { type: "string", enum: LOG_LEVELS, default: "debug" }, description: "The least level." },
    },
    document: {
      operationId: "listLogs",
      summary: "Read what the job's handler logged",
      description: "`nextCursor` goes into `after`. It is null where nothing was there behind `after`.",
      tag: "Reading",
      responses: {
        "200": { description: "A page of lines.", headers: ["Cache-Control", "Vary"], content: json(ref("LogPage")) },
      },
      errors: ["job_not_found", "job_purged"],
    },
    async handle(request, reply) {
      const lines = await context.engine.logs(pathJobId(request), {
        principal: request.principal,
        after: queryAfter(request),
        limit: queryLimit(request),
        minLevel: queryOneOf(request, "level", LOG_LEVELS) ?? "debug",
      });
      const items = lines.map(
        ({ seq, at, level, message, fields, attempt }) =>
          `{"seq":${seq},"at":"${toInstantText(at)}","level":"${level}","message":${JSON.stringify(message)},"fields":${fields ?? "null"},"attempt":${attempt}}`,
      );
      const last = lines.at(-1);
      const nextCursor = last === undefined ? "null" : `"${last.seq}"`;
      return reply.headers(PAGE_HEADERS).send(`{"items":[${items.join(",")}],"nextCursor":${nextCursor}}`);
    },
  };
}
