// The shapes that travel over the wire: a job and what hangs on it.
import type { JobError } from "./job-error.js";
import type { JobStatus } from "./statuses.js";

/** A job as callers see it. Every member is always present; `null` where it has no value. Instants are RFC 3339 text. */
export interface JobResource {
  id: string;
  type: string;
  status: JobStatus;
  statusUrl: string;
  parameters: unknown;
  /** 0 to 1, and 1 once the job is `COMPLETED`. */
  progress: number;
  message: string | null;
  currentStep: number | null;
  totalSteps: number | null;
  estimatedTimeRemainingMs: number | null;
  priority: number;
  /** Runs that failed, timed out or lost their lease, plus the current one; 0 before the first. */
  attempt: number;
  maxAttempts: number;
  /** An estimate, 1-based, only from `GET` of one ready job; `null` beyond 1,000. */
  queuePosition: number | null;
  cancelRequested: boolean;
  callbackId: string | null;
  webhookEnabled: boolean;
  tags: readonly string[];
  createdAt: string;
  updatedAt: string;
  startedAt: string | null;
  completedAt: string | null;
  runAt: string;
  startBy: string | null;
  completeBy: string | null;
  purgeAt: string | null;
  result: unknown;
  error: JobError | null;
  rerunOf: string | null;
  lastSeq: number;
  links: JobLinks;
}

export interface JobLinks {
  self: string;
  events: string;
  progress: string;
  result: string;
  logs: string;
  cancel: string;
}

export interface ProgressResource {
  id: string;
  status: JobStatus;
  /** 0 to 100. */
  progressPercentage: number;
  currentStep: number | null;
  totalSteps: number | null;
  estimatedTimeRemainingMs: number | null;
  message: string | null;
}

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogLineResource {
  seq: number;
  at: string;
  level: LogLevel;
  message: string;
  fields: Record<string, unknown> | null;
  attempt: number;
}

export interface FileResource {
  id: string;
  name: string;
  mediaType: string;
  sizeBytes: number;
  /** Lower-case hexadecimal. */
  sha256: string;
  createdAt: string;
  expiresAt: string | null;
}

export interface PageResource<T> {
  items: readonly T[];
  nextCursor: string | null;
}
