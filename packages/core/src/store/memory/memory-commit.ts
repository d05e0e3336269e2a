// Applying changes: the guard, the patch, the events, the turn.
import { isTerminal } from "@meanwhile/protocol";
import type { Change, Guard } from "../../job/change.js";
import type { Job } from "../../job/job.js";
import { hasExpired } from "../../job/lease.js";
import type { CommitOptions, CommitResult } from "../job-store.js";
import { willDraw } from "./memory-places.js";
import { appendEvents, type MemoryTables } from "./memory-tables.js";
import { endTurn } from "./memory-turns.js";

export function commitChanges(
  tables: MemoryTables,
  changes: readonly Change[],
  { userStatements = [] }: CommitOptions = {},
): readonly CommitResult[] {
  if (userStatements.length > 0) {
    throw new TypeError(
      "The memory store runs no SQL. Use a store that does for jobs that commit their own statements.",
    );
  }
  return changes.map((change) => commitChange(tables, change));
}

function commitChange(tables: MemoryTables, change: Change): CommitResult {
  const row = tables.jobs.get(change.jobId);
  if (row === undefined || !holds(change.guard, row.job)) return { outcome: "guard_failed" };
  row.job = patched(row.job, change);
  const { readiness, keepsPlace = false } = change.patch;
  if (readiness === "ready" && !(keepsPlace && row.place !== null)) willDraw(tables, row);
  appendEvents(tables, row, change.events);
  const { lastSeq } = row.job;
  const readiedType = isTerminal(row.job.status) ? endTurn(tables, row.job) : undefined;
  return { outcome: "committed", lastSeq, ...(readiedType === undefined ? {} : { readiedType }) };
}

function holds(guard: Guard, job: Job): boolean {
  const { leaseToken, cancelRequested, lastSeq, leaseExpiredAt } = guard;
  return (
    guard.status === job.status &&
    (leaseToken === undefined || leaseToken === job.lease?.token) &&
    (cancelRequested === undefined || cancelRequested === (job.cancelRequestedBy !== null)) &&
    (lastSeq === undefined || lastSeq === job.lastSeq) &&
    (leaseExpiredAt === undefined || (job.lease !== null && hasExpired(job.lease, leaseExpiredAt)))
  );
}

function patched(job: Job, { patch, at }: Change): Job {
  const { releaseLease, keepsPlace, ...members } = patch;
  return { ...job, ...members, lease: releaseLease ? null : job.lease, updatedAt: at };
}
