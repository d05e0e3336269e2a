// The six calls of the service: each reads its request, asks the engine, writes its answer.

import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { AppError, type Engine, hasScope, type Principal } from "@meanwhile/core";
import { type CallContext, type CallParts, type StreamContext, serverStream, unary } from "./calls.js";
import { jobMessage } from "./job-message.js";
import { listJobs } from "./list-jobs.js";
import type { JobRequest, JobUpdate, SubmitJobRequest, WatchJobRequest } from "./messages.js";
import { badRequest, shuttingDown } from "./refusals.js";
import { readEnvelope, readIdempotencyKey } from "./submit-request.js";
import { createUpdateWriter, type UpdateWriter } from "./update-message.js";

export interface JobsServiceParts {
  readonly engine: Engine;
  readonly linkBase: string;
  readonly isDraining: () => boolean;
}

interface Handling extends JobsServiceParts {
  readonly toUpdate: UpdateWriter;
}

export function createJobsService(parts: JobsServiceParts, calls: CallParts): UntypedServiceImplementation {
  const handling = { ...parts, toUpdate: createUpdateWriter(parts.linkBase) };
  const { engine, linkBase } = parts;
  return {
    SubmitJob: serverStream(calls, (request: SubmitJobRequest, context) => submitAndFollow(handling, request, context)),
    CreateJob: unary(calls, async (request: SubmitJobRequest, context) => {
      const { job, replayed } = await submit(handling, request, context);
      context.accept(replayed ? REPLAYED : {});
      return jobMessage(job, { linkBase });
    }),
    WatchJob: serverStream(calls, (request: WatchJobRequest, context) => watch(handling, request, context)),
    GetJob: unary(calls, async (request: JobRequest, { principal, accept }) => {
      const job = await engine.get(requireJobId(request), { principal });
      const queuePosition = await engine.queuePosition(job);
      accept();
      return jobMessage(job, { linkBase, queuePosition });
    }),
    CancelJob: unary(calls, async (request: JobRequest, { principal, accept }) => {
      const { job } = await engine.cancel(requireJobId(request), { principal });
      accept();
      return jobMessage(job, { linkBase });
    }),
    ListJobs: unary(calls, (request, context) => listJobs({ engine, linkBase }, request, context)),
  } as UntypedServiceImplementation;
}

const REPLAYED = { "idempotent-replayed": "true" };

function submit({ engine, isDraining }: Handling, request: SubmitJobRequest, { principal, origin }: CallContext) {
  if (isDraining()) throw shuttingDown();
  const key = readIdempotencyKey(request);
  return engine.submit(readEnvelope(request), { principal, origin, ...key });
}

async function* submitAndFollow(
  handling: Handling,
  request: SubmitJobRequest,
  context: StreamContext,
): AsyncGenerator<JobUpdate, void, undefined> {
  // Before the job is made: one whose updates its caller may not read would run unwatched.
  requireReading(context.principal);
  const { job, replayed } = await submit(handling, request, context);
  context.accept(replayed ? REPLAYED : {});
  yield* follow(handling, job.id, { after: 0, ...context });
}

async function* watch(
  handling: Handling,
  request: WatchJobRequest,
  context: StreamContext,
): AsyncGenerator<JobUpdate, void, undefined> {
  if (handling.isDraining()) throw shuttingDown();
  const { principal, accept, signal } = context;
  const jobId = requireJobId(request);
  const after = request.after_seq ?? 0;
  if (!Number.isSafeInteger(after) || after < 0) {
    throw badRequest("afterSeq", `Expected the seq of an update, or 0 for the beginning, got ${after}.`);
  }
  const job = await handling.engine.get(jobId, { principal });
  if (after > job.lastSeq) {
    throw badRequest("afterSeq", `The job has no update ${after}; its latest is ${job.lastSeq}.`);
  }
  // Tells the caller that the watch stands, however long the first update takes.
  accept();
  yield* follow(handling, jobId, { after, principal, signal });
}

interface Following {
  readonly after: number;
  readonly principal: Principal;
  readonly signal: AbortSignal;
}

async function* follow(
  { engine, toUpdate }: Handling,
  jobId: string,
  { after, principal, signal }: Following,
): AsyncGenerator<JobUpdate, void, undefined> {
  for await (const event of engine.follow(jobId, { after, principal, signal })) yield toUpdate(event);
}

function requireReading(principal: Principal): void {
  if (hasScope(principal, "jobs:read")) return;
  throw new AppError("forbidden", {
    message:
      "The credentials lack the scope jobs:read, which SubmitJob needs to tell of the job. CreateJob does without.",
    details: { scope: "jobs:read" },
  });
}

function requireJobId({ job_id: jobId }: JobRequest): string {
  if (jobId !== undefined && jobId !== "") return jobId;
  throw badRequest("jobId", "job_id is required: the id of a job.");
}
