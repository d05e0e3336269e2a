// The first state of a job, and the state that a claim gives it. Pure.
import { toInstantText } from "@meanwhile/protocol";
import type { NewEvent } from "./change.js";
import type { Job, JobState, Lease } from "./job.js";
import { jsonPayload, jsonTextPayload } from "./payload.js";

/** `job.submitted`; its data is left out where the row says it all. */
export function submittedEvent(job: Job): NewEvent {
  const plain = job.runAt === job.createdAt;
  const data = plain
    ? null
    : jsonPayload({
        type: job.type,
        priority: job.priority,
        runAt: toInstantText(job.runAt),
        ...(job.rerunOf === null ? {} : { rerunOf: job.rerunOf }),
      });
  return { type: "job.submitted", status: "PENDING", at: job.createdAt, attempt: 0, data };
}

/** The same job with its first lease: claimed at birth, or by the reference rule that every store's claim is held against. */
export function claimed<J extends JobState>(job: J, lease: Lease, now: number): { job: J; event: NewEvent } {
  const undo = job.status === "ROLLBACK_REQUIRED";
  const attempt = job.attempt + 1;
  const status = undo ? "ROLLBACK_PROCESSING" : "PROCESSING";
  const event: NewEvent = {
    type: undo ? "job.rollback_started" : "job.started",
    status,
    at: now,
    attempt,
    data: undo
      ? jsonPayload({ error: job.error, steps: job.undoSteps })
      : jsonTextPayload(startedData(attempt, lease.workerId)),
  };
  return {
    job: { ...job, status, readiness: null, attempt, lease, startedAt: job.startedAt ?? now, lastSeq: job.lastSeq + 1 },
    event,
  };
}

/** The JSON text of `job.started`; a claim makes it once for all jobs of the same attempt. */
export function startedData(attempt: number, workerId: string): string {
  return `{"attempt":${attempt},"workerId":${JSON.stringify(workerId)}}`;
}
