// Reading jobs: one, with or without waiting, and lists of them.
import { type Job, jobResourceText } from "@meanwhile/core";
import { isTerminal, JOB_STATUSES, LIMITS, parsePrefer } from "@meanwhile/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { jobEntityTag, matchesEntityTag } from "../conditional.js";
import type { ServerContext } from "../context.js";
import { answerJob, JOB_CACHE_CONTROL, JOB_VARY, JSON_TYPE } from "../job-answer.js";
import { JOB_ANSWER, json, NOT_MODIFIED, ref } from "../openapi/refs.js";
import { nextLink } from "../page-link.js";
import {
  CURSOR_PARAMETER,
  LIMIT_PARAMETER,
  pathJobId,
  queryInstant,
  queryInteger,
  queryLimit,
  queryOneOf,
  queryText,
} from "../query.js";
import type { Route } from "../route.js";
import { waitForJob } from "../submitting.js";

export function jobRoutes(context: ServerContext): Route[] {
  return [getRoute(context), longPollRoute(context), listRoute(context)];
}

function getRoute(context: ServerContext): Route {
  return {
    method: "GET",
    path: "/api/v2/jobs/{id}",
    access: "jobs:read",
    ticket: "job",
    document: {
      operationId: "getJob",
      summary: "Read a job",
      description:
        "With `Prefer: wait=N` the answer waits until the job is finished or, with `If-None-Match`, until it differs.",
      tag: "Reading",
      headers: ["If-None-Match", "Prefer"],
      responses: {
        "200": { ...JOB_ANSWER, headers: [...(JOB_ANSWER.headers ?? []), "Preference-Applied"] },
        "304": NOT_MODIFIED,
      },
      errors: ["job_not_found", "job_purged", "rate_limited"],
    },
    handle(request, reply) {
      const header = request.raw.headers.prefer as string | undefined;
      const waitSeconds = header === undefined ? undefined : parsePrefer(header).waitSeconds;
      return waitSeconds === undefined
        ? getNow(context, request, reply)
        : getAfterWaiting(context, { request, reply, waitSeconds });
    },
  };
}

async function getNow(context: ServerContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const job = await context.engine.get(pathJobId(request), { principal: request.principal });
  return answerJob(context, request, reply, { job });
}

async function getAfterWaiting(
  context: ServerContext,
  { request, reply, waitSeconds }: { request: FastifyRequest; reply: FastifyReply; waitSeconds: number },
): Promise<FastifyReply> {
  const { principal } = request;
  const jobId = pathJobId(request);
  const extra = { "preference-applied": `wait=${waitSeconds}` };
  const known = request.headers["if-none-match"];
  // With a condition, the wait is for a difference: one that is there already needs no waiting.
  const isNew = known === undefined ? undefined : (job: Job) => !matchesEntityTag(known, jobEntityTag(job.lastSeq));
  if (!context.waits.hasRoom(principal)) {
    const job = await context.engine.get(jobId, { principal });
    if (isTerminal(job.status) || isNew?.(job) === true) return answerJob(context, request, reply, { job, extra });
  }
  const until = isNew === undefined ? {} : { until: isNew };
  const job = await waitForJob(context, { request, reply, jobId, timeoutMs: waitSeconds * 1_000, ...until });
  return answerJob(context, request, reply, { job, extra });
}

const DEFAULT_LONG_POLL_MS = 30_000;

function longPollRoute(context: ServerContext): Route {
  return {
    method: "GET",
    path: "/api/v2/jobs/{id}/longpoll",
    access: "jobs:read",
    ticket: "job",
    query: {
      timeout: {
        schema: { type: "integer", minimum: 0, maximum: LIMITS.waitMs, default: DEFAULT_LONG_POLL_MS },
        description: "Longest wait, in milliseconds.",
      },
    },
    document: {
      operationId: "longPollJob",
      summary: "Wait for a job",
      description: "Answers when the job is finished, or after `timeout` milliseconds with the job as it is then.",
      tag: "Reading",
      headers: ["If-None-Match"],
      responses: { "200": JOB_ANSWER, "304": NOT_MODIFIED },
      errors: ["job_not_found", "job_purged", "rate_limited"],
    },
    async handle(request, reply) {
      const range = { min: 0, max: LIMITS.waitMs, default: DEFAULT_LONG_POLL_MS };
      const timeoutMs = queryInteger(request, "timeout", range);
      const job = await waitForJob(context, { request, reply, jobId: pathJobId(request), timeoutMs });
      return answerJob(context, request, reply, { job });
    },
  };
}

const LIST_QUERY: NonNullable<Route["query"]> = {
  type: { schema: { type: "string" }, description: "Only jobs of this type." },
  status: { schema: { type: "string", enum: JOB_STATUSES }, description: "Only jobs in this status." },
  tag: { schema: { type: "string" }, description: "Only jobs with this tag." },
  callbackId: { schema: { type: "string" }, description: "Only jobs with this `callbackId`." },
  createdAfter: { schema: { type: "string", format: "date-time" }, description: "Only jobs made after this instant." },
  createdBefore: {
    schema: { type: "string", format: "date-time" },
    description: "Only jobs made before this instant.",
  },
  limit: LIMIT_PARAMETER,
  cursor: CURSOR_PARAMETER,
};

function listRoute(context: ServerContext): Route {
  return {
    method: "GET",
    path: "/api/v2/jobs",
    access: "jobs:read",
    query: LIST_QUERY,
    document: {
      operationId: "listJobs",
      summary: "List jobs, newest first",
      description:
        "A page may be short although `nextCursor` is set: only `nextCursor: null` says that there is no more.",
      tag: "Reading",
      responses: {
        "200": {
          description: "A page of jobs.",
          headers: ["Cache-Control", "Vary", "Link"],
          content: json(ref("JobPage")),
        },
      },
    },
    async handle(request, reply) {
      const { items, nextCursor } = await context.engine.list(readListQuery(request), { principal: request.principal });
      const headers: Record<string, string> = {
        "content-type": JSON_TYPE,
        "cache-control": JOB_CACHE_CONTROL,
        vary: JOB_VARY,
      };
      if (nextCursor !== null) headers.link = nextLink(request, nextCursor);
      const { linkBase } = context.options;
      const body = items.map((job) => jobResourceText(job, { linkBase })).join(",");
      return reply.headers(headers).send(`{"items":[${body}],"nextCursor":${JSON.stringify(nextCursor)}}`);
    },
  };
}

function readListQuery(request: FastifyRequest) {
  const present = {
    type: queryText(request, "type"),
    status: queryOneOf(request, "status", JOB_STATUSES),
    tag: queryText(request, "tag"),
    callbackId: queryText(request, "callbackId"),
    createdAfter: queryInstant(request, "createdAfter"),
    createdBefore: queryInstant(request, "createdBefore"),
    cursor: queryText(request, "cursor"),
  };
  return { ...withoutUndefined(present), limit: queryLimit(request) };
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}
