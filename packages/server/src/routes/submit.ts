// Submitting: one job, a batch, a rerun.
import { AppError, jobResourceText } from "@meanwhile/core";
import { type ErrorCode, LIMITS } from "@meanwhile/protocol";
import type { ServerContext } from "../context.js";
import { idempotencyKeyOf } from "../idempotency.js";
import { JOB_CACHE_CONTROL, JOB_VARY, JSON_TYPE } from "../job-answer.js";
import { json, ref, SUBMIT_ANSWERS } from "../openapi/refs.js";
import { SUBMIT_CALLBACKS } from "../openapi/webhook-requests.js";
import { pathJobId } from "../query.js";
import { requireBody } from "../register-routes.js";
import { originOf } from "../request-context.js";
import type { Route } from "../route.js";
import { respondSubmitted } from "../submitting.js";
import { WEBHOOK_QUERY, withWebhookOfQuery } from "../webhook-query.js";

export function submitRoutes(context: ServerContext): Route[] {
  return [submitRoute(context), batchRoute(context), rerunRoute(context)];
}

const SUBMIT_ERRORS: readonly ErrorCode[] = [
  "idempotency_key_missing",
  "job_purged",
  "payload_too_large",
  "unsupported_media_type",
  "invalid_parameters",
  "unknown_job_type",
  "idempotency_key_reused",
  "queue_full",
];

const SUBMIT_HEADERS = ["Idempotency-Key", "Prefer", "traceparent", "tracestate"];

function submitRoute(context: ServerContext): Route {
  return {
    method: "POST",
    path: "/api/v2/jobs",
    access: "submit",
    body: "json",
    takesWork: true,
    query: WEBHOOK_QUERY,
    document: {
      operationId: "submitJob",
      summary: "Submit a job",
      description:
        "Stores the job durably and answers at once with 202 and the job, or waits for its end as `Prefer: wait=N` asks.",
      tag: "Submitting",
      headers: SUBMIT_HEADERS,
      requestBody: { required: true, content: json(ref("SubmitJob")) },
      responses: SUBMIT_ANSWERS,
      callbacks: SUBMIT_CALLBACKS,
      errors: SUBMIT_ERRORS,
    },
    async handle(request, reply) {
      const submitted = await context.engine.submit(withWebhookOfQuery(request, requireBody(request)), {
        principal: request.principal,
        origin: originOf(request),
        ...idempotencyKeyOf(request),
      });
      return respondSubmitted(context, request, reply, submitted);
    },
  };
}

function batchRoute(context: ServerContext): Route {
  return {
    method: "POST",
    path: "/api/v2/jobs/batch",
    access: "submit",
    body: "json",
    maxBodyBytes: LIMITS.batchBodyBytes,
    takesWork: true,
    document: {
      operationId: "submitJobs",
      summary: "Submit many jobs, all or nothing",
      description: `Stores up to ${LIMITS.batchJobs} jobs in one transaction. Where one is refused, none is stored.`,
      tag: "Submitting",
      headers: ["Idempotency-Key", "traceparent", "tracestate"],
      requestBody: { required: true, content: json(ref("SubmitJobs")) },
      responses: {
        "202": {
          description: "All of them are stored.",
          headers: ["Cache-Control", "Vary", "Retry-After", "Idempotent-Replayed"],
          content: json(ref("JobList")),
        },
      },
      errors: SUBMIT_ERRORS,
    },
    async handle(request, reply) {
      const submitted = await context.engine.submitBatch(readBatch(requireBody(request)), {
        principal: request.principal,
        origin: originOf(request),
        ...idempotencyKeyOf(request),
      });
      const headers: Record<string, string> = {
        "content-type": JSON_TYPE,
        "cache-control": JOB_CACHE_CONTROL,
        vary: JOB_VARY,
        "retry-after": "1",
      };
      if (submitted.every(({ replayed }) => replayed)) headers["idempotent-replayed"] = "true";
      const { linkBase } = context.options;
      const items = submitted.map(({ job }) => jobResourceText(job, { linkBase })).join(",");
      return reply.code(202).headers(headers).send(`{"items":[${items}]}`);
    },
  };
}

/** @throws AppError `invalid_parameters` where it is more, or less, than an object with `jobs`. */
function readBatch(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw badBatch("#", 'Expected an object with the member "jobs".');
  }
  const unknown = Object.keys(body).find((name) => name !== "jobs");
  if (unknown !== undefined) throw badBatch(`#/${escapeMember(unknown)}`, "There is no such member.");
  if (!("jobs" in body)) throw badBatch("#/jobs", 'The member "jobs" is required.');
  return body.jobs;
}

function escapeMember(name: string): string {
  return name.slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1");
}

function badBatch(pointer: string, detail: string): AppError {
  return new AppError("invalid_parameters", { message: `${pointer}: ${detail}`, faults: [{ pointer, detail }] });
}

function rerunRoute(context: ServerContext): Route {
  return {
    method: "POST",
    path: "/api/v2/jobs/{id}/rerun",
    access: "submit",
    takesWork: true,
    document: {
      operationId: "rerunJob",
      summary: "Run a finished job again",
      description: "Makes a new job with the same parameters; its `rerunOf` names the old one.",
      tag: "Submitting",
      headers: SUBMIT_HEADERS,
      responses: SUBMIT_ANSWERS,
      errors: ["job_not_found", "job_not_finished", "job_purged", "idempotency_key_reused", "queue_full"],
    },
    async handle(request, reply) {
      const submitted = await context.engine.rerun(pathJobId(request), {
        principal: request.principal,
        origin: originOf(request),
        ...idempotencyKeyOf(request),
      });
      return respondSubmitted(context, request, reply, submitted);
    },
  };
}
