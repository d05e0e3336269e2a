// Rows of jobs to records and back: how these lie in their columns is known here only.
import type { Change, ClaimedJob, Job, Lease, NewJob, Progress, Readiness, Tombstone } from "@meanwhile/core";
import type { JobError, JobStatus } from "@meanwhile/protocol";
import { toJobWebhook } from "./delivery-rows.js";
import { payloadFormat, toPayload } from "./payload-columns.js";
import type { ChangeJob } from "./statements/change-job.js";
import type { RareReadyColumns, ReadyJobRow } from "./statements/find-ready-jobs.js";
import type { TombstoneRow } from "./statements/find-tombstone.js";
import type { FinishJob } from "./statements/finish-job.js";
import type { FinishJobs } from "./statements/finish-jobs.js";
import type { GuardParameters } from "./statements/guard.js";
import type { InsertJob } from "./statements/insert-job.js";
import type { InsertPlainJobs } from "./statements/insert-plain-jobs.js";
import type { JobRow } from "./statements/job-columns.js";
import type { ReportProgress } from "./statements/report-progress.js";

export function toJob([
  _number,
  id,
  owner,
  type,
  status,
  readiness,
  priority,
  runAt,
  attempt,
  maxAttempts,
  lastSeq,
  leaseToken,
  leaseWorkerId,
  leaseExpiresAt,
  startedAt,
  createdAt,
  updatedAt,
  completedAt,
  purgeAt,
  startBy,
  completeBy,
  timeoutMs,
  retentionMs,
  cancelRequestedBy,
  callbackId,
  concurrencyKey,
  rerunOf,
  traceparent,
  tracestate,
  requestId,
  tags,
  undoSteps,
  progress,
  error,
  parametersFormat,
  resultFormat,
  parameters,
  result,
  webhook,
]: JobRow): Job {
  return {
    id,
    owner,
    type,
    status: status as JobStatus,
    readiness: readiness as Readiness | null,
    priority,
    runAt,
    attempt,
    maxAttempts,
    lastSeq,
    lease: leaseToken === null ? null : { token: leaseToken, workerId: leaseWorkerId!, expiresAt: leaseExpiresAt! },
    startedAt,
    createdAt,
    updatedAt,
    completedAt,
    purgeAt,
    startBy,
    completeBy,
    timeoutMs,
    retentionMs,
    cancelRequestedBy,
    callbackId,
    concurrencyKey,
    webhook: toJobWebhook(webhook),
    rerunOf,
    traceparent,
    tracestate,
    requestId,
    tags: toList(tags),
    undoSteps: toList(undoSteps),
    progress: toProgress(progress),
    error: toError(error),
    parameters: toPayload(parameters, parametersFormat),
    result: result === null ? null : toPayload(result, resultFormat),
  };
}

/** The job as it is once `lease-jobs` has been at it. */
export function toClaimedJob(row: ReadyJobRow, { type, lease, now }: ClaimFacts): ClaimedJob {
  const [, id, owner, status, priority, runAt, attempt, maxAttempts, lastSeq, startedAt, createdAt] = row;
  const [, , , , , , , , , , , timeoutMs, retentionMs, requestId, , parameters, rare] = row;
  const [parametersFormat, startBy, completeBy, cancelRequestedBy, callbackId, traceparent, tracestate, ...json] =
    rare === null ? NOTHING_RARE : (JSON.parse(rare) as RareReadyColumns);
  const [tags, undoSteps, progress, error] = json;
  return {
    id,
    owner,
    type,
    status: status === "ROLLBACK_REQUIRED" ? "ROLLBACK_PROCESSING" : "PROCESSING",
    readiness: null,
    priority,
    runAt,
    attempt: attempt + 1,
    maxAttempts,
    lastSeq: lastSeq + 1,
    lease,
    startedAt: startedAt ?? now,
    createdAt,
    startBy,
    completeBy,
    timeoutMs,
    retentionMs,
    cancelRequestedBy,
    callbackId,
    traceparent,
    tracestate,
    requestId,
    tags: toList(tags),
    undoSteps: toList(undoSteps),
    progress: toProgress(progress),
    error: toError(error),
    parameters: toPayload(parameters, parametersFormat),
  };
}

export interface ClaimFacts {
  readonly type: string;
  readonly lease: Lease;
  readonly now: number;
}

export function fromNewJob(
  { job, idempotency }: NewJob,
  { readiness, turn, place }: { readiness: Readiness | null; turn: number | null; place: number | null },
): InsertJob {
  return [
    job.id,
    job.owner,
    job.type,
    job.status,
    readiness,
    job.priority,
    job.runAt,
    job.attempt,
    job.maxAttempts,
    job.lastSeq,
    job.lease === null ? null : job.lease.token,
    job.lease === null ? null : job.lease.workerId,
    job.lease === null ? null : job.lease.expiresAt,
    job.startedAt,
    job.createdAt,
    job.updatedAt,
    job.completedAt,
    job.purgeAt,
    job.startBy,
    job.completeBy,
    job.timeoutMs,
    job.retentionMs,
    job.cancelRequestedBy,
    job.callbackId,
    job.concurrencyKey,
    turn,
    place,
    idempotency === null ? null : idempotency.key,
    job.rerunOf,
    job.traceparent,
    job.tracestate,
    job.requestId,
    fromList(job.tags),
    fromList(job.undoSteps),
    fromJson(job.progress),
    fromJson(job.error),
    payloadFormat(job.parameters),
    job.result === null ? null : payloadFormat(job.result),
    job.parameters.body,
    job.result === null ? null : job.result.body,
  ];
}

/** Jobs that differ in nothing but id, parameters and request. @param place Of the first; `null` where they are not ready. */
export function fromPlainJobs(jobs: readonly Job[], place: number | null): InsertPlainJobs {
  const [first] = jobs as [Job];
  let contents = "";
  for (const { id, requestId, parameters } of jobs) {
    const key = `${id} ${requestId ?? ""}`;
    contents += `${contents === "" ? "" : ","}${JSON.stringify(key)}:${JSON.stringify(parameters.body)}`;
  }
  return [
    first.owner,
    first.type,
    first.readiness,
    first.priority,
    first.runAt,
    first.maxAttempts,
    first.createdAt,
    first.updatedAt,
    first.startBy,
    first.completeBy,
    first.timeoutMs,
    first.retentionMs,
    place,
    `{${contents}}`,
  ];
}

/** @returns `undefined` where the change is more than the end of the job. */
export function fromFinish({ patch, guard, events, at }: Change, number: number): FinishJob | undefined {
  const { status, completedAt, purgeAt } = patch;
  if (status === undefined || completedAt === undefined || purgeAt === undefined) return undefined;
  if (patch.readiness !== null || patch.attempt !== undefined || patch.runAt !== undefined) return undefined;
  return [
    status,
    completedAt,
    purgeAt,
    patch.cancelRequestedBy ?? null,
    fromJson(patch.progress),
    patch.result === undefined ? null : payloadFormat(patch.result),
    patch.result === undefined ? null : patch.result.body,
    fromJson(patch.error),
    patch.undoSteps === undefined ? null : JSON.stringify(patch.undoSteps),
    events.length,
    at,
    ...fromGuard(guard, number),
  ];
}

/** Finishes of one lease that differ in nothing but the job and its result. */
export function fromFinishes(
  { patch, guard, at }: Change,
  { jobs, lastSeq }: { jobs: readonly FinishedJob[]; lastSeq: number },
): FinishJobs {
  let results = "";
  for (const { number, change } of jobs) {
    const body = change.patch.result?.body as string;
    results += `${results === "" ? "" : ","}"${number}":${JSON.stringify(body)}`;
  }
  return [patch.status!, patch.completedAt!, patch.purgeAt!, at, `{${results}}`, guard.leaseToken!, lastSeq];
}

export interface FinishedJob {
  readonly number: number;
  /** It has a result, which is plain text. */
  readonly change: Change;
}

/** @returns `undefined` where the change is more than a report. */
export function fromReport({ patch, guard, events, at }: Change, number: number): ReportProgress | undefined {
  for (const member in patch) if (member !== "progress") return undefined;
  return [fromJson(patch.progress), events.length, at, ...fromGuard(guard, number)];
}

export function fromChange({ patch, guard, events, at }: Change, number: number): ChangeJob {
  const keepsLease = patch.releaseLease === true ? 0 : 1;
  return [
    patch.status ?? null,
    patch.readiness === undefined ? 0 : 1,
    patch.readiness ?? null,
    patch.attempt ?? null,
    patch.runAt ?? null,
    patch.readiness !== "ready" || patch.keepsPlace === true ? 1 : 0,
    keepsLease,
    keepsLease,
    keepsLease,
    patch.cancelRequestedBy ?? null,
    fromJson(patch.progress),
    patch.result === undefined ? null : payloadFormat(patch.result),
    patch.result === undefined ? null : patch.result.body,
    fromJson(patch.error),
    patch.completedAt ?? null,
    patch.purgeAt ?? null,
    patch.undoSteps === undefined ? null : JSON.stringify(patch.undoSteps),
    events.length,
    at,
    ...fromGuard(guard, number),
  ];
}

function fromGuard(guard: Change["guard"], number: number): GuardParameters {
  const { status, leaseToken, cancelRequested, lastSeq, leaseExpiredAt } = guard;
  const wish = cancelRequested === undefined ? null : cancelRequested ? 1 : 0;
  return [number, status, leaseToken ?? null, wish, lastSeq ?? null, leaseExpiredAt ?? null];
}

export function toTombstone([jobId, owner, purgedAt, expiresAt]: TombstoneRow): Tombstone {
  return { jobId, owner, purgedAt, expiresAt };
}

const toList = (json: string | null): readonly string[] => (json === null ? NOTHING : (JSON.parse(json) as string[]));

const fromList = (list: readonly string[]): string | null => (list.length === 0 ? null : JSON.stringify(list));

const toProgress = (json: string | null): Progress | null => (json === null ? null : (JSON.parse(json) as Progress));

export const toError = (json: string | null): JobError | null =>
  json === null ? null : (JSON.parse(json) as JobError);

const fromJson = (value: object | null | undefined): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);

const NOTHING: readonly string[] = Object.freeze([]);

const NOTHING_RARE: RareReadyColumns = [null, null, null, null, null, null, null, null, null, null, null];
