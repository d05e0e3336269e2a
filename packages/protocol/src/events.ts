// The events of a job: their names and what each one carries.
import type { JobError } from "./job-error.js";
import type { JobStatus } from "./statuses.js";

export const JOB_EVENT_TYPES = [
  "job.submitted",
  "job.started",
  "job.progress",
  "job.output",
  "job.retrying",
  "job.cancel_requested",
  "job.completed",
  "job.failed",
  "job.cancelled",
  "job.step_completed",
  "job.step_undone",
  "job.rollback_required",
  "job.rollback_started",
  "job.rollback_completed",
] as const;

export type JobEventType = (typeof JOB_EVENT_TYPES)[number];

export function isJobEventType(value: unknown): value is JobEventType {
  return (JOB_EVENT_TYPES as readonly unknown[]).includes(value);
}

/** What each event carries in `data`. Instants are RFC 3339 text. */
export interface JobEventData {
  "job.submitted": { type: string; priority: number; runAt: string; rerunOf?: string };
  /** `workerId` is opaque; it tells two workers apart and nothing else. */
  "job.started": { attempt: number; workerId: string };
  "job.progress": { progress: number; message?: string; currentStep?: number; totalSteps?: number };
  "job.output": { chunk: unknown };
  "job.retrying": { attempt: number; error: JobError; runAt: string };
  "job.cancel_requested": { by: string };
  "job.completed": { result: unknown };
  "job.failed": { error: JobError };
  "job.cancelled": { by: string };
  "job.step_completed": { step: string; [member: string]: unknown };
  "job.step_undone": { step: string; [member: string]: unknown };
  "job.rollback_required": { error: JobError; steps: readonly string[] };
  "job.rollback_started": { error: JobError | null; steps: readonly string[] };
  "job.rollback_completed": { error: JobError | null; steps: readonly string[] };
}

/** One fact about a job as readers see it. `seq` counts 1, 2, 3 … per job without gaps (invariant I2). */
export interface JobEvent<T extends JobEventType = JobEventType> {
  jobId: string;
  seq: number;
  type: T;
  /** The job's status after the event. */
  status: JobStatus;
  /** RFC 3339, UTC, milliseconds. */
  at: string;
  /** The attempt in which it happened; 0 before the first. */
  attempt: number;
  data: JobEventData[T];
}
