// Answers of two stores, brought into the one form in which they must be equal. What the port leaves open is levelled here.
import { type ClaimedJob, readJsonPayload, type StoredEvent } from "@meanwhile/core";

const CLAIMED_MEMBERS = [
  "id",
  "type",
  "status",
  "readiness",
  "attempt",
  "maxAttempts",
  "cancelRequestedBy",
  "runAt",
  "startBy",
  "completeBy",
  "timeoutMs",
  "retentionMs",
  "startedAt",
  "lease",
  "progress",
  "undoSteps",
  "error",
  "lastSeq",
  "owner",
  "priority",
  "parameters",
  "callbackId",
  "tags",
  "traceparent",
  "tracestate",
  "requestId",
  "createdAt",
] as const satisfies readonly (keyof ClaimedJob)[];

/** A store may give more than a claim promises; that is not compared. */
export function comparableClaim(job: ClaimedJob): unknown {
  return Object.fromEntries(CLAIMED_MEMBERS.map((member) => [member, job[member]]));
}

/** Inside one transaction the order between jobs is open, and so is the spelling of JSON that a store makes itself. */
export function comparableEvents(events: readonly StoredEvent[]): readonly unknown[] {
  return [...events].sort(byJobAndSeq).map(({ jobId, seq, type, status, at, attempt, data }) => {
    const isMadeByStore = type === "job.started" || type === "job.rollback_started";
    return {
      jobId,
      seq,
      type,
      status,
      at,
      attempt,
      data: isMadeByStore && data !== null ? readJsonPayload(data) : data,
    };
  });
}

export const byId = (a: { id: string }, b: { id: string }): number => compare(a.id, b.id);

export const sorted = (texts: readonly string[]): readonly string[] => [...texts].sort(compare);

function byJobAndSeq(a: StoredEvent, b: StoredEvent): number {
  return compare(a.jobId, b.jobId) || a.seq - b.seq;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
