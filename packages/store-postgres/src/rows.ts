// Rows of jobs and events to records and back: how these lie in their columns is known here only.
import type {
  ClaimedJob,
  Job,
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
import type { Share } from "./places.js";
import { toPosition } from "./position.js";
import type { ClaimedJobRow } from "./statements/claim-jobs.js";
import type { TombstoneRow } from "./statements/find-tombstone.js";
import type { InsertEvents } from "./statements/insert-events.js";
import type { InsertJobs } from "./statements/insert-jobs.js";
import type { JobRow } from "./statements/job-columns.js";
import type { EventRow } from "./statements/read-job-events.js";
import type { LogRow } from "./statements/read-log.js";

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
  parametersBytes,
  result,
  resultBytes,
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
    parameters: toPayload(parameters ?? parametersBytes!, parametersFormat),
    result: toPayloadOrNull(result ?? resultBytes, resultFormat),
  };
}

// Taken apart at once, as the other rows are: this happens for every job that is claimed.
export function toClaimedJob(
  [
    _place,
    _number,
    id,
    owner,
    type,
    status,
    priority,
    runAt,
    attempt,
    maxAttempts,
    lastSeq,
    leaseExpiresAt,
    startedAt,
    createdAt,
    _updatedAt,
    startBy,
    completeBy,
    timeoutMs,
    retentionMs,
    cancelRequestedBy,
    callbackId,
    traceparent,
    tracestate,
    requestId,
    tags,
    undoSteps,
    progress,
    error,
    format,
    parameters,
    bytes,
  ]: ClaimedJobRow,
  { token, workerId }: { token: string; workerId: string },
): ClaimedJob {
  return {
    id,
    owner,
    type,
    status: status as JobStatus,
    readiness: null,
    priority,
    runAt,
    attempt,
    maxAttempts,
    lastSeq,
    lease: { token, workerId, expiresAt: leaseExpiresAt },
    startedAt,
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
    parameters: toPayload(parameters ?? bytes!, format),
  };
}

export function fromNewJob(
  { job, idempotency }: NewJob,
  { readiness, turn, share }: { readiness: Readiness | null; turn: number | null; share: Share | undefined },
): InsertJobs {
  const [parameters, parametersBytes] = bodyOf(job.parameters);
  const [result, resultBytes] = bodyOf(job.result);
  return [
    job.id,
    job.owner,
    job.maxAttempts,
    job.createdAt,
    job.timeoutMs,
    job.retentionMs,
    job.callbackId,
    idempotency === null ? null : idempotency.key,
    job.rerunOf,
    job.traceparent,
    job.tracestate,
    job.requestId,
    fromList(job.tags),
    payloadFormat(job.parameters),
    parameters,
    parametersBytes,
    job.type,
    job.status,
    readiness,
    job.priority,
    job.runAt,
    job.attempt,
    job.lastSeq,
    job.lease === null ? null : job.lease.token,
    job.lease === null ? null : job.lease.workerId,
    job.lease === null ? null : job.lease.expiresAt,
    job.startedAt,
    job.updatedAt,
    job.completedAt,
    job.purgeAt,
    job.startBy,
    job.completeBy,
    job.cancelRequestedBy,
    job.concurrencyKey,
    turn,
    fromList(job.undoSteps),
    fromJson(job.progress),
    fromJson(job.error),
    job.result === null ? null : payloadFormat(job.result),
    result,
    resultBytes,
    share === undefined ? null : share.slot,
    share === undefined ? null : share.step,
  ];
}

/** Puts the first two of these events beside the columns of their job: see event-columns.ts. */
export function addFirstEvents(row: unknown[], events: readonly NewEvent[]): unknown[] {
  for (let index = 0; index < 2; index++) {
    const event = events[index];
    if (event === undefined) {
      row.push(null, null, null, null, null, null, null);
      continue;
    }
    const { type, status, at, attempt, data } = event;
    const [text, bytes] = bodyOf(data);
    row.push(type, status, at, attempt, data === null ? null : payloadFormat(data), text, bytes);
  }
  return row;
}

export function fromEvent(
  { type, status, at, attempt, data }: NewEvent,
  { job, seq }: { job: number; seq: number },
): InsertEvents {
  return [job, seq, type, status, at, attempt, data === null ? null : payloadFormat(data), ...bodyOf(data)];
}

export function toStoredEvent([jobId, seq, type, status, at, attempt, format, data, bytes]: EventRow): StoredEvent {
  return {
    jobId,
    seq,
    type: type as JobEventType,
    status: status as JobStatus,
    at,
    attempt,
    data: toPayloadOrNull(data ?? bytes, format),
  };
}

export function toPositionedEvent(row: LogRow): PositionedEvent {
  const [jobId, seq, type, status, at, attempt, format, data, bytes, generation, tx, number, owner, ...facts] = row;
  const [jobType, priority, createdAt, rerunOf, error, resultFormat, result, resultBytes] = facts;
  return {
    ...toStoredEvent([jobId, seq, type, status, at, attempt, format, data, bytes]),
    position: toPosition([generation, tx, number]),
    owner,
    subject: {
      type: jobType,
      priority,
      createdAt,
      rerunOf,
      result: toPayloadOrNull(result ?? resultBytes, resultFormat),
      error: toError(error),
    },
  };
}

export function toTombstone([jobId, owner, purgedAt, expiresAt]: TombstoneRow): Tombstone {
  return { jobId, owner, purgedAt, expiresAt };
}

/** `null` is plain JSON, what nearly every payload is; `encoding` or `encoding:keyId` names anything else. */
export function payloadFormat({ encoding, keyId, body }: Payload): string | null {
  if (encoding === "json" && keyId === null && typeof body === "string") return null;
  if (encoding.includes(":"))
    throw new TypeError(`The encoding of a payload is "${encoding}"; it must not contain ":".`);
  return keyId === null ? encoding : `${encoding}:${keyId}`;
}

/** Text and bytes have a column each. */
export function bodyOf(payload: Payload | null): [text: string | null, bytes: Uint8Array | null] {
  if (payload === null) return [null, null];
  const { body } = payload;
  return typeof body === "string" ? [body, null] : [null, Buffer.from(body.buffer, body.byteOffset, body.byteLength)];
}

function toPayloadOrNull(body: string | Uint8Array | null, format: string | null): Payload | null {
  return body === null ? null : toPayload(body, format);
}

function toPayload(body: string | Uint8Array, format: string | null): Payload {
  if (format === null) return { encoding: "json", keyId: null, body };
  const colon = format.indexOf(":");
  return {
    encoding: colon === -1 ? format : format.slice(0, colon),
    keyId: colon === -1 ? null : format.slice(colon + 1),
    // A Buffer compares and prints differently from the plain bytes that core promises.
    body: typeof body === "string" ? body : new Uint8Array(body),
  };
}

const toList = (json: string | null): readonly string[] => (json === null ? NOTHING : (JSON.parse(json) as string[]));

const fromList = (list: readonly string[]): string | null => (list.length === 0 ? null : JSON.stringify(list));

const toProgress = (json: string | null): Progress | null => (json === null ? null : (JSON.parse(json) as Progress));

const toError = (json: string | null): JobError | null => (json === null ? null : (JSON.parse(json) as JobError));

export const fromJson = (value: object | null | undefined): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);

const NOTHING: readonly string[] = Object.freeze([]);
