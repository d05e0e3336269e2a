// The older, smaller contract: the same jobs under the same rules, in fewer words.
import { AppError, type Job, payloadText } from "@meanwhile/core";
import type { Fault, JobStatus } from "@meanwhile/protocol";
import { escapePointer, isTerminal } from "@meanwhile/protocol";
import type { ServerContext } from "../context.js";
import { idempotencyKeyOf } from "../idempotency.js";
import { jobHeaders } from "../job-answer.js";
import { json, ref } from "../openapi/refs.js";
import { pathJobId } from "../query.js";
import { requireBody } from "../register-routes.js";
import { originOf } from "../request-context.js";
import type { Route } from "../route.js";

/** RFC 9745, RFC 8594, RFC 8288: since when it is old, until when it stays, what to use instead. */
const VERSION_1_HEADERS: Readonly<Record<string, string>> = {
  deprecation: `@${Date.UTC(2026, 0, 1) / 1_000}`,
  sunset: new Date(Date.UTC(2027, 11, 31)).toUTCString(),
  link: '</api/v2/jobs>; rel="successor-version"',
};

const ANSWER_HEADERS = ["Cache-Control", "Vary", "Retry-After", "Deprecation", "Sunset", "Link"];

export function versionOneRoutes(context: ServerContext): Route[] {
  return [submitRoute(context), getRoute(context)];
}

function submitRoute(context: ServerContext): Route {
  return {
    method: "POST",
    path: "/api/v1/jobs",
    access: "submit",
    body: "json",
    takesWork: true,
    headers: VERSION_1_HEADERS,
    document: {
      operationId: "submitJobV1",
      summary: "Submit a job (version 1)",
      tag: "Version 1",
      deprecated: true,
      headers: ["Idempotency-Key"],
      requestBody: { required: true, content: json(ref("SubmitJobV1")) },
      responses: {
        "200": {
          description: "Sent before, and finished by now.",
          headers: ANSWER_HEADERS,
          content: json(ref("JobV1")),
        },
        "202": {
          description: "The job is stored and will run.",
          headers: [...ANSWER_HEADERS, "Location"],
          content: json(ref("JobV1")),
        },
      },
      errors: [
        "payload_too_large",
        "unsupported_media_type",
        "invalid_parameters",
        "unknown_job_type",
        "idempotency_key_missing",
        "idempotency_key_reused",
        "job_purged",
        "queue_full",
      ],
    },
    async handle(request, reply) {
      const { job, replayed } = await context.engine.submit(requireOldEnvelope(requireBody(request)), {
        principal: request.principal,
        origin: originOf(request),
        ...idempotencyKeyOf(request),
      });
      const { etag: _, ...headers } = jobHeaders(job, context.clock.now());
      headers.location = path(job);
      if (replayed) headers["idempotent-replayed"] = "true";
      return reply
        .code(isTerminal(job.status) ? 200 : 202)
        .headers(headers)
        .send(`{${head(job, context.options.linkBase)}}`);
    },
  };
}

/** @throws AppError `invalid_parameters` for members that version 1 never had. */
function requireOldEnvelope(body: unknown): unknown {
  // What is no object at all is refused by the engine, in its own words.
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const faults: Fault[] = Object.keys(body)
    .filter((name) => name !== "type" && name !== "parameters")
    .slice(0, 20)
    .map((name) => ({ pointer: `#/${escapePointer(name)}`, detail: "Version 1 knows type and parameters only." }));
  if (faults.length === 0) return body;
  throw new AppError("invalid_parameters", { message: `${faults[0]!.pointer}: ${faults[0]!.detail}`, faults });
}

function getRoute(context: ServerContext): Route {
  return {
    method: "GET",
    path: "/api/v1/jobs/{id}",
    access: "jobs:read",
    headers: VERSION_1_HEADERS,
    document: {
      operationId: "getJobV1",
      summary: "Read a job (version 1)",
      tag: "Version 1",
      deprecated: true,
      responses: {
        "200": { description: "The job.", headers: ANSWER_HEADERS, content: json(ref("JobV1")) },
      },
      errors: ["job_not_found", "job_purged"],
    },
    async handle(request, reply) {
      const job = await context.engine.get(pathJobId(request), { principal: request.principal });
      const { etag: _, ...headers } = jobHeaders(job, context.clock.now());
      return reply.headers(headers).send(`{${head(job, context.options.linkBase)}${outcome(job)}}`);
    },
  };
}

function path(job: Job): string {
  return `/api/v1/jobs/${job.id}`;
}

function head(job: Job, linkBase: string): string {
  return `"id":"${job.id}","status":"${oldStatus(job.status)}","statusUrl":"${linkBase}${path(job)}"`;
}

function outcome(job: Job): string {
  if (job.status === "COMPLETED") return `,"result":${job.result === null ? "null" : payloadText(job.result)}`;
  return isTerminal(job.status) && job.error !== null ? `,"error":${JSON.stringify(job.error)}` : "";
}

/** Words that version 1 never knew, in words that it did. */
function oldStatus(status: JobStatus): JobStatus {
  if (status === "ROLLBACK_COMPLETED") return "FAILED";
  return status === "ROLLBACK_REQUIRED" || status === "ROLLBACK_PROCESSING" ? "PROCESSING" : status;
}
