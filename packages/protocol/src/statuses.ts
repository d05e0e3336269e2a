// The statuses of a job: the one list behind code, SQL and wire.

/** Every status a job can have, in the order of a life that goes well and then is undone. */
export const JOB_STATUSES = [
  "PENDING",
  "PROCESSING",
  "COMPLETED",
  "FAILED",
  "CANCELLED",
  "ROLLBACK_REQUIRED",
  "ROLLBACK_PROCESSING",
  "ROLLBACK_COMPLETED",
] as const;

export type JobStatus = (typeof JOB_STATUSES)[number];

/** Statuses that nothing leaves (invariant I6). */
export const TERMINAL_STATUSES = ["COMPLETED", "FAILED", "CANCELLED", "ROLLBACK_COMPLETED"] as const;

export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];

/** Statuses in which a worker holds a lease. */
export const LEASED_STATUSES = ["PROCESSING", "ROLLBACK_PROCESSING"] as const;

export type LeasedStatus = (typeof LEASED_STATUSES)[number];

export function isJobStatus(value: unknown): value is JobStatus {
  return (JOB_STATUSES as readonly unknown[]).includes(value);
}

export function isTerminal(status: JobStatus): status is TerminalStatus {
  return status === "COMPLETED" || status === "FAILED" || status === "CANCELLED" || status === "ROLLBACK_COMPLETED";
}

export function isLeased(status: JobStatus): status is LeasedStatus {
  return status === "PROCESSING" || status === "ROLLBACK_PROCESSING";
}
