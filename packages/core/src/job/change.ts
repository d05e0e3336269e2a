// A change as data: what a move does to a job's row, and the events that it causes. Stores apply it mechanically.
import type { JobError, JobEventType, JobStatus } from "@meanwhile/protocol";
import type { JobId, Progress, Readiness } from "./job.js";
import type { Payload } from "./payload.js";

/**
 * Every fact that the move read. A store commits the change only where all of them still hold, in the same
 * statement that writes (invariant I4); absent members are not looked at.
 */
export interface Guard {
  readonly status: JobStatus;
  /** The lease that the writer holds. */
  readonly leaseToken?: string;
  /** Whether a cancel wish may be there. */
  readonly cancelRequested?: boolean;
  /** The version that was read: nothing at all may have happened since. */
  readonly lastSeq?: number;
  /** The lease must have run out at this instant: a heartbeat that came in between wins. */
  readonly leaseExpiredAt?: number;
}

/** What becomes different. Absent members stay as they are; nothing is ever set back to "no value" except the lease. */
export interface JobPatch {
  readonly status?: JobStatus;
  /** `null` where the job is no longer waiting to be claimed. */
  readonly readiness?: Readiness | null;
  readonly attempt?: number;
  readonly runAt?: number;
  readonly releaseLease?: true;
  /** Only where the job becomes `ready`: it goes back to where it was claimed from, before what its owner submitted since. */
  readonly keepsPlace?: true;
  readonly cancelRequestedBy?: string;
  readonly progress?: Progress;
  readonly result?: Payload;
  readonly error?: JobError;
  readonly completedAt?: number;
  readonly purgeAt?: number;
  readonly undoSteps?: readonly string[];
}

/** An event before its `seq` is drawn. */
export interface NewEvent {
  readonly type: JobEventType;
  /** The job's status after it. */
  readonly status: JobStatus;
  readonly at: number;
  readonly attempt: number;
  /**
   * `null` where the job's own row says it all: `job.submitted` of a job that was due at once, `job.completed`
   * (the result) and `job.failed` (the error). Payloads are stored once.
   */
  readonly data: Payload | null;
}

export interface Change {
  readonly jobId: JobId;
  readonly guard: Guard;
  readonly patch: JobPatch;
  readonly events: readonly NewEvent[];
  /** The instant of the change; becomes `updatedAt`. */
  readonly at: number;
}

/** An event with its place in the job's order and in the whole log. */
export interface StoredEvent extends NewEvent {
  readonly jobId: JobId;
  readonly seq: number;
}
