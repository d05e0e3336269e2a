// The record of a job, as the engine decides on it and every store keeps it.
import type { JobError, JobEventType, JobStatus } from "@meanwhile/protocol";
import type { Payload } from "./payload.js";

/** UUIDv7 text, lower case. */
export type JobId = string;

/** A worker's time-limited right to run one attempt. The token is the fence (invariant I4). */
export interface Lease {
  /** Different for every lease that a job ever has. */
  readonly token: string;
  readonly workerId: string;
  /** Epoch milliseconds by the store's clock. */
  readonly expiresAt: number;
}

export interface Progress {
  /** 0 to 1. */
  readonly fraction: number;
  readonly message: string | null;
  readonly currentStep: number | null;
  readonly totalSteps: number | null;
}

/** How far the job is, 0 to 1. A completed job is at its end, whatever its handler reported last. */
export function fractionDone(job: Pick<JobState, "status" | "progress">): number {
  return job.status === "COMPLETED" ? 1 : (job.progress?.fraction ?? 0);
}

/**
 * Why a job that is not running may or may not be claimed.
 * `ready`: a claim may take it. `delayed`: not before `runAt`. `blocked`: due, but another job has the turn of its
 * `concurrencyKey`. `null` on jobs that are leased or terminal.
 */
export type Readiness = "ready" | "delayed" | "blocked";

/** What the status table reads and writes. */
export interface JobState {
  readonly id: JobId;
  readonly type: string;
  readonly status: JobStatus;
  readonly readiness: Readiness | null;
  /** Runs that failed, timed out or lost their lease, plus the current one. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Who asked for cancellation; `null` as long as nobody did. */
  readonly cancelRequestedBy: string | null;
  /** Not before this instant. */
  readonly runAt: number;
  /** A job that has never started by then fails with `expired`. */
  readonly startBy: number | null;
  /** A job that has not finished by then fails with `deadline_exceeded`. */
  readonly completeBy: number | null;
  /** Longest time of one attempt; `null` for no limit. */
  readonly timeoutMs: number | null;
  /** How long the finished job is kept. */
  readonly retentionMs: number;
  readonly startedAt: number | null;
  readonly lease: Lease | null;
  readonly progress: Progress | null;
  /** Completed steps that can be undone, in the order of their completion. */
  readonly undoSteps: readonly string[];
  /** Why the job failed, or must be rolled back. */
  readonly error: JobError | null;
  /** The highest `seq` drawn so far (invariant I2). */
  readonly lastSeq: number;
}

/** The target that a submit named. */
export interface JobWebhook {
  readonly url: string;
  readonly events: readonly JobEventType[];
  /** `null`: the owner's own. */
  readonly secret: string | null;
}

export interface Job extends JobState {
  readonly owner: string;
  readonly priority: number;
  readonly parameters: Payload;
  readonly result: Payload | null;
  readonly callbackId: string | null;
  readonly tags: readonly string[];
  readonly concurrencyKey: string | null;
  /** Where its own events are pushed; `null` where the submit named no target. */
  readonly webhook: JobWebhook | null;
  readonly rerunOf: JobId | null;
  /** W3C Trace Context of the submit. */
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  /** The id of the request that submitted it, for the logs. */
  readonly requestId: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly completedAt: number | null;
  /** When a finished job goes; `null` until it is terminal. */
  readonly purgeAt: number | null;
}

/** A job that a claim took: what a worker needs to run and settle it, and no more (every column is paid per claim). */
export type ClaimedJob = JobState &
  Pick<
    Job,
    | "owner"
    | "priority"
    | "parameters"
    | "callbackId"
    | "tags"
    | "traceparent"
    | "tracestate"
    | "requestId"
    | "createdAt"
  > & { readonly lease: Lease };

/** What is left of a purged job. */
export interface Tombstone {
  readonly jobId: JobId;
  readonly owner: string;
  readonly purgedAt: number;
  /** When the tombstone goes too, and with it the job's idempotency key. */
  readonly expiresAt: number;
}
