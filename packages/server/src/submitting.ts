// What all submitting routes share: the caller's wishes, the waiting, the answer.
import type { Job, Submitted } from "@meanwhile/core";
import { isTerminal, parsePrefer } from "@meanwhile/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "./context.js";
import { answerSubmitted } from "./job-answer.js";

/** Answers a submit as `Prefer` asks: at once, or once the job has finished or the time is up. */
export function respondSubmitted(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
  submitted: Submitted,
): FastifyReply | Promise<FastifyReply> {
  const header = request.raw.headers.prefer as string | undefined;
  if (header === undefined) return answerSubmitted(context, reply, { ...submitted, applied: undefined });
  const { respondAsync, waitSeconds = 0 } = parsePrefer(header);
  const accepted = respondAsync ? "respond-async" : undefined;
  // Waiting is a wish: where there is no room for it, the answer comes at once.
  if (waitSeconds === 0 || isTerminal(submitted.job.status) || !context.waits.hasRoom(request.principal)) {
    return answerSubmitted(context, reply, { ...submitted, applied: accepted });
  }
  return waitThenAnswer(context, { request, reply, submitted, waitSeconds, accepted });
}

interface Waiting {
  request: FastifyRequest;
  reply: FastifyReply;
  submitted: Submitted;
  waitSeconds: number;
  accepted: string | undefined;
}

async function waitThenAnswer(context: ServerContext, waiting: Waiting): Promise<FastifyReply> {
  const { request, reply, submitted, waitSeconds, accepted } = waiting;
  const job = await waitForJob(context, { request, reply, jobId: submitted.job.id, timeoutMs: waitSeconds * 1_000 });
  const applied = isTerminal(job.status) ? `wait=${waitSeconds}` : accepted;
  return answerSubmitted(context, reply, { job, replayed: submitted.replayed, applied });
}

export interface JobWait {
  request: FastifyRequest;
  reply: FastifyReply;
  jobId: string;
  timeoutMs: number;
  until?: (job: Job) => boolean;
}

export function waitForJob(context: ServerContext, wait: JobWait): Promise<Job> {
  const { request, reply, jobId, timeoutMs, until } = wait;
  const { principal } = request;
  return context.waits.during(principal, reply, (signal) =>
    context.engine.wait(jobId, {
      principal,
      timeoutMs,
      signal,
      ...(until === undefined ? {} : { until }),
    }),
  );
}
