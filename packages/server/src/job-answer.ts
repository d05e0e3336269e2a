// Answers that hold a job: the headers of section 1 of the contract, the conditions of RFC 9110.
import { type Job, jobPath, jobResourceText, retryAfterSeconds } from "@meanwhile/core";
import { isTerminal } from "@meanwhile/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { jobEntityTag, matchesEntityTag } from "./conditional.js";
import type { ServerContext } from "./context.js";

export const JSON_TYPE = "application/json; charset=utf-8";
export const JOB_CACHE_CONTROL = "private, no-cache";
export const JOB_VARY = "Prefer, Authorization";

type Headers = Record<string, string>;

/** The headers that every representation of this state of the job has, 304 included. */
export function jobHeaders(job: Job, now: number): Headers {
  const headers: Headers = {
    "content-type": JSON_TYPE,
    etag: jobEntityTag(job.lastSeq),
    "cache-control": JOB_CACHE_CONTROL,
    vary: JOB_VARY,
  };
  const retryAfter = retryAfterSeconds(job, now);
  if (retryAfter !== undefined) headers["retry-after"] = String(retryAfter);
  return headers;
}

/** 200 with the job, or 304 where the caller has this version already. */
export async function answerJob(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { job, extra }: { job: Job; extra?: Headers },
): Promise<FastifyReply> {
  const headers = jobHeaders(job, context.clock.now());
  if (extra !== undefined) Object.assign(headers, extra);
  const ifNoneMatch = request.headers["if-none-match"];
  if (ifNoneMatch !== undefined && matchesEntityTag(ifNoneMatch, headers.etag!)) {
    delete headers["content-type"];
    return reply.code(304).headers(headers).send();
  }
  const queuePosition =
    job.status === "PENDING" && job.readiness === "ready" ? await context.engine.queuePosition(job) : null;
  const { linkBase } = context.options;
  return reply.code(200).headers(headers).send(jobResourceText(job, { linkBase, queuePosition }));
}

/** The answer to a submit: 202, or 200 where the job is terminal already. */
export function answerSubmitted(
  context: ServerContext,
  reply: FastifyReply,
  { job, replayed, applied }: { job: Job; replayed: boolean; applied: string | undefined },
): FastifyReply {
  const headers = jobHeaders(job, context.clock.now());
  headers.location = jobPath(job.id);
  headers["operation-location"] = `/api/v2/operations/${job.id}`;
  if (replayed) headers["idempotent-replayed"] = "true";
  if (applied !== undefined) headers["preference-applied"] = applied;
  return reply
    .code(isTerminal(job.status) ? 200 : 202)
    .headers(headers)
    .send(jobResourceText(job, { linkBase: context.options.linkBase }));
}
