// An event as readers see it: the stored one, with what the job's own row says put back in.
import { type JobEvent, type JobEventData, toInstantText } from "@meanwhile/protocol";
import { assertNever } from "../assert-never.js";
import type { StoredEvent } from "../job/change.js";
import type { Job } from "../job/job.js";
import { readJsonPayload } from "../job/payload.js";

/** What hydrating needs of the job. All of it is fixed by the time the event that needs it commits. */
export type EventSubject = Pick<Job, "type" | "priority" | "createdAt" | "rerunOf" | "result" | "error">;

export function toJobEvent(stored: StoredEvent, job: EventSubject): JobEvent {
  return {
    jobId: stored.jobId,
    seq: stored.seq,
    type: stored.type,
    status: stored.status,
    at: toInstantText(stored.at),
    attempt: stored.attempt,
    data: stored.data === null ? dataOfRow(stored, job) : (readJsonPayload(stored.data) as JobEvent["data"]),
  };
}

/** Whether the event's data stands in the job's row, written by the same change. */
export function needsRow(stored: StoredEvent): boolean {
  return stored.data === null;
}

function dataOfRow(stored: StoredEvent, job: EventSubject): JobEventData[keyof JobEventData] {
  switch (stored.type) {
    case "job.submitted":
      return {
        type: job.type,
        priority: job.priority,
        runAt: toInstantText(job.createdAt),
        ...(job.rerunOf === null ? {} : { rerunOf: job.rerunOf }),
      };
    case "job.completed":
      return { result: job.result === null ? null : readJsonPayload(job.result) };
    case "job.failed":
      return { error: job.error ?? { code: "internal", message: "The job failed." } };
    case "job.started":
    case "job.progress":
    case "job.output":
    case "job.retrying":
    case "job.cancel_requested":
    case "job.cancelled":
    case "job.step_completed":
    case "job.step_undone":
    case "job.rollback_required":
    case "job.rollback_started":
    case "job.rollback_completed":
      throw new TypeError(`The event ${stored.jobId}:${stored.seq} (${stored.type}) was stored without its data.`);
    default:
      return assertNever(stored.type);
  }
}
