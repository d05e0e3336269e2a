// Rows of jobs and events to records and back: how these lie in their columns is known here only.
import type {
  Change,
  ClaimedJob,
  Job,
  Lease,
  NewEvent,
  NewJob,
  Payload,
  PositionedEvent,
  Progress,
  Readiness,
  StoredEvent,
  Tombstone,
} from "@meanwhile/core";
import type { JobError, JobEventType, JobStatus } from "@meanwhile/protocol";
import { toJobWebhook } from "./delivery-rows.js";
import type { SqlValue } from "./driver/driver.js";
import type { ChangeJob } from "./statements/change-job.js";
import type { RareReadyColumns, ReadyJobRow } from "./statements/find-ready-jobs.js";
import type { TombstoneRow } from "./statements/find-tombstone.js";
import type { FinishJob } from "./statements/finish-job.js";
import type { FinishJobs } from "./statements/finish-jobs.js";
import type { GuardParameters } from "./statements/guard.js";
import type { InsertEvent } from "./statements/insert-event.js";
import type { InsertEvents } from "./statements/insert-events.js";
import type { InsertJob } from "./statements/insert-job.js";
import type { InsertPlainJobs } from "./statements/insert-plain-jobs.js";
import type { JobRow } from "./statements/job-columns.js";
import type { EventRow } from "./statements/read-job-events.js";
import type { LogRow } from "./statements/read-log.js";
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
  const [, , , , , , , , , , , timeoutMs, retentionMs, requestId, parameters, rare] = row;
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
  { readiness, turn }: { readiness: Readiness | null; turn: number | null },
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

/** Jobs that differ in nothing but id, parameters and request. */
export function fromPlainJobs(jobs: readonly Job[]): InsertPlainJobs {
  const [first] = jobs as [Job];
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
    JSON.stringify(jobs.map(({ id, parameters, requestId }) => [id, parameters.body, requestId])),
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

export function fromEvent(
  { type, status, at, attempt, data }: NewEvent,
  { position, job, seq }: { position: number; job: number; seq: number },
): InsertEvent {
  return [
    position,
    job,
    seq,
    type,
    status,
    at,
    attempt,
    data === null ? null : payloadFormat(data),
    data?.body ?? null,
  ];
}

/** The same event of several jobs, from `firstPosition` on. */
export function fromEventOfJobs(
  { type, status, at, attempt, data }: NewEvent,
  { firstPosition, jobs, seq }: { firstPosition: number; jobs: readonly number[]; seq: number },
): InsertEvents {
  const format = data === null ? null : payloadFormat(data);
  return [firstPosition, seq, type, status, at, attempt, format, data?.body ?? null, `[${jobs.join()}]`];
}

export function toStoredEvent([jobId, seq, type, status, at, attempt, format, data]: EventRow): StoredEvent {
  return {
    jobId,
    seq,
    type: type as JobEventType,
    status: status as JobStatus,
    at,
    attempt,
    data: data === null ? null : toPayload(data, format),
  };
}

export function toPositionedEvent(row: LogRow): PositionedEvent {
  const [jobId, seq, type, status, at, attempt, format, data, position, owner, ...facts] = row;
  const [jobType, priority, createdAt, rerunOf, error, resultFormat, result] = facts;
  return {
    ...toStoredEvent([jobId, seq, type, status, at, attempt, format, data]),
    position: toPosition(position),
    owner,
    subject: {
      type: jobType,
      priority,
      createdAt,
      rerunOf,
      result: result === null ? null : toPayload(result, resultFormat),
      error: toError(error),
    },
  };
}

/** As wide as the largest one, so that texts sort as the numbers do. */
export function toPosition(position: number): string {
  return String(position).padStart(16, "0");
}

export function toTombstone([jobId, owner, purgedAt, expiresAt]: TombstoneRow): Tombstone {
  return { jobId, owner, purgedAt, expiresAt };
}

/** `null` is plain JSON, what nearly every payload is; `encoding` or `encoding:keyId` names anything else. */
/** Whether the payload is JSON text as it stands. */
export function isPlainText({ encoding, keyId, body }: Payload): boolean {
  return encoding === "json" && keyId === null && typeof body === "string";
}

function payloadFormat(payload: Payload): string | null {
  if (isPlainText(payload)) return null;
  const { encoding, keyId } = payload;
  if (encoding.includes(":"))
    throw new TypeError(`The encoding of a payload is "${encoding}"; it must not contain ":".`);
  return keyId === null ? encoding : `${encoding}:${keyId}`;
}

function toPayload(body: SqlValue, format: string | null): Payload {
  if (format === null) return { encoding: "json", keyId: null, body: body as string };
  const colon = format.indexOf(":");
  return {
    encoding: colon === -1 ? format : format.slice(0, colon),
    keyId: colon === -1 ? null : format.slice(colon + 1),
    body: typeof body === "string" ? body : toBytes(body as Uint8Array),
  };
}

/** A Buffer compares and prints differently from the plain bytes that core promises. */
function toBytes(bytes: Uint8Array): Uint8Array {
  return Buffer.isBuffer(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes;
}

const toList = (json: string | null): readonly string[] => (json === null ? NOTHING : (JSON.parse(json) as string[]));

const fromList = (list: readonly string[]): string | null => (list.length === 0 ? null : JSON.stringify(list));

const toProgress = (json: string | null): Progress | null => (json === null ? null : (JSON.parse(json) as Progress));

const toError = (json: string | null): JobError | null => (json === null ? null : (JSON.parse(json) as JobError));

const fromJson = (value: object | null | undefined): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);

const NOTHING: readonly string[] = Object.freeze([]);

const NOTHING_RARE: RareReadyColumns = [null, null, null, null, null, null, null, null, null, null, null];
