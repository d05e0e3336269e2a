// Rows of events to records and back.
import type { NewEvent, PositionedEvent, StoredEvent } from "@meanwhile/core";
import type { JobEventType, JobStatus } from "@meanwhile/protocol";
import { payloadFormat, toPayload } from "./payload-columns.js";
import { toError } from "./rows.js";
import type { InsertEvent } from "./statements/insert-event.js";
import type { InsertEvents } from "./statements/insert-events.js";
import type { EventRow } from "./statements/read-job-events.js";
import type { LogRow } from "./statements/read-log.js";

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
