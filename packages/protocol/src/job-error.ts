// Why a job failed: data inside the job, never an HTTP problem.

export interface JobError {
  /** `lower_snake_case`, for machines. */
  code: string;
  /** One sentence for people. */
  message: string;
  /** JSON facts for machines. */
  details?: unknown;
}

/** Codes that meanwhile itself gives to jobs; handlers add their own. */
export const JOB_ERROR_CODES = [
  "handler_error",
  "timeout",
  "deadline_exceeded",
  "lease_expired",
  "expired",
  "invalid_result",
  "result_too_large",
  "output_limit",
  "memory_limit",
  "rollback_failed",
] as const;

export type JobErrorCode = (typeof JOB_ERROR_CODES)[number];
