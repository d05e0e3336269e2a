// Rows to records and back: the only place that knows how a record lies in its columns.
import type {
  ApiKeyRecord,
  Change,
  ClaimedJob,
  FileRecord,
  Job,
  Lease,
  LogLine,
  NewEvent,
  NewJob,
  Payload,
  Progress,
  Readiness,
  StoredEvent,
  Tombstone,
} from "@meanwhile/core";
import type { JobError, JobEventType, JobStatus, LogLevel } from "@meanwhile/protocol";
import type { SqlValue } from "./driver/driver.js";
import type { ApiKeyRow } from "./statements/api-key-columns.js";
import type { ChangeJob } from "./statements/change-job.js";
import type { ClaimedJobRow } from "./statements/claim-jobs.js";
import type { FileRow } from "./statements/find-file.js";
import type { TombstoneRow } from "./statements/find-tombstone.js";
import type { FinishJob } from "./statements/finish-job.js";
import type { GuardParameters } from "./statements/guard.js";
import type { InsertEvent } from "./statements/insert-event.js";
import type { InsertJob } from "./statements/insert-job.js";
import type { JobRow } from "./statements/job-columns.js";
import type { EventRow } from "./statements/read-job-events.js";
import type { LogLineRow } from "./statements/read-log-lines.js";
import type { ReportProgress } from "./statements/report-progress.js";

export function toJob(row: JobRow): Job {
  return {
    id: row.id,
    owner: row.owner,
    type: row.type,
    status: row.status as JobStatus,
    readiness: row.readiness as Readiness | null,
    priority: row.priority,
    runAt: row.run_at,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    lastSeq: row.last_seq,
    lease: toLease(row),
    startedAt: row.started_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    completedAt: row.completed_at,
    purgeAt: row.purge_at,
    startBy: row.start_by,
    completeBy: row.complete_by,
    timeoutMs: row.timeout_ms,
    retentionMs: row.retention_ms,
    cancelRequestedBy: row.cancel_requested_by,
    callbackId: row.callback_id,
    concurrencyKey: row.concurrency_key,
    rerunOf: row.rerun_of,
    traceparent: row.traceparent,
    tracestate: row.tracestate,
    requestId: row.request_id,
    tags: toList(row.tags),
    undoSteps: toList(row.undo_steps),
    progress: toProgress(row.progress),
    error: toError(row.error),
    parameters: toPayload(row.parameters, row.parameters_format),
    result: row.result === null ? null : toPayload(row.result, row.result_format),
  };
}

export function toClaimedJob(row: ClaimedJobRow, lease: Lease): ClaimedJob {
  return {
    id: row.id,
    owner: row.owner,
    type: row.type,
    status: row.status as JobStatus,
    readiness: null,
    priority: row.priority,
    runAt: row.run_at,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    lastSeq: row.last_seq,
    lease,
    startedAt: row.started_at,
    createdAt: row.created_at,
    startBy: row.start_by,
    completeBy: row.complete_by,
    timeoutMs: row.timeout_ms,
    retentionMs: row.retention_ms,
    cancelRequestedBy: row.cancel_requested_by,
    callbackId: row.callback_id,
    traceparent: row.traceparent,
    tracestate: row.tracestate,
    requestId: row.request_id,
    tags: toList(row.tags),
    undoSteps: toList(row.undo_steps),
    progress: toProgress(row.progress),
    error: toError(row.error),
    parameters: toPayload(row.parameters, row.parameters_format),
  };
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

/** @returns `undefined` where the change is more than the end of the job. */
export function fromFinish({ patch, guard, jobId, events, at }: Change): FinishJob | undefined {
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
    ...fromGuard(jobId, guard),
  ];
}

/** @returns `undefined` where the change is more than a report. */
export function fromReport({ patch, guard, jobId, events, at }: Change): ReportProgress | undefined {
  for (const member in patch) if (member !== "progress") return undefined;
  return [fromJson(patch.progress), events.length, at, ...fromGuard(jobId, guard)];
}

export function fromChange({ patch, guard, jobId, events, at }: Change): ChangeJob {
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
    ...fromGuard(jobId, guard),
  ];
}

function fromGuard(jobId: string, guard: Change["guard"]): GuardParameters {
  const { status, leaseToken, cancelRequested, lastSeq, leaseExpiredAt } = guard;
  const wish = cancelRequested === undefined ? null : cancelRequested ? 1 : 0;
  return [jobId, status, leaseToken ?? null, wish, lastSeq ?? null, leaseExpiredAt ?? null];
}

export function fromEvent(event: NewEvent, at: { position: number; job: number; seq: number }): InsertEvent {
  const { data } = event;
  return [
    at.position,
    at.job,
    at.seq,
    event.type,
    event.status,
    event.at,
    event.attempt,
    data === null ? null : payloadFormat(data),
    data === null ? null : data.body,
  ];
}

export function toStoredEvent(row: EventRow): StoredEvent {
  return {
    jobId: row.job_id,
    seq: row.seq,
    type: row.type as JobEventType,
    status: row.status as JobStatus,
    at: row.at,
    attempt: row.attempt,
    data: row.data === null ? null : toPayload(row.data, row.data_format),
  };
}

export function toTombstone(row: TombstoneRow): Tombstone {
  return { jobId: row.job_id, owner: row.owner, purgedAt: row.purged_at, expiresAt: row.expires_at };
}

export function toLogLine(row: LogLineRow): LogLine {
  return {
    jobId: row.job_id,
    seq: row.seq,
    at: row.at,
    level: row.level as LogLevel,
    message: row.message,
    fields: row.fields,
    attempt: row.attempt,
  };
}

export function toFileRecord(row: FileRow): FileRecord {
  return {
    id: row.id,
    owner: row.owner,
    name: row.name,
    mediaType: row.media_type,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

export function toApiKeyRecord(row: ApiKeyRow): ApiKeyRecord {
  return {
    id: row.id,
    name: row.name,
    owner: row.owner,
    hash: row.hash,
    scopes: JSON.parse(row.scopes) as string[],
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  };
}

function toLease(row: JobRow): Lease | null {
  if (row.lease_token === null) return null;
  return { token: row.lease_token, workerId: row.lease_worker_id!, expiresAt: row.lease_expires_at! };
}

/** `null` is plain JSON, what nearly every payload is; `encoding` or `encoding:keyId` names anything else. */
function payloadFormat({ encoding, keyId, body }: Payload): string | null {
  if (encoding === "json" && keyId === null && typeof body === "string") return null;
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
