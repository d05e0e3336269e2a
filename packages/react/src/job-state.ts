// A job as a component sees it, and how each event changes that.
import {
  type AnyJobEvent,
  advance,
  JobCancelledError,
  JobFailedError,
  type JobOf,
  NO_PROGRESS,
} from "@meanwhile/client";
import { isTerminal, type JobStatus } from "@meanwhile/protocol";

export interface JobState<Result> {
  /** `undefined` until something is known of the job. */
  readonly status: JobStatus | undefined;
  /** 0 to 1, and 1 once the job is `COMPLETED`. */
  readonly progress: number;
  readonly message: string | null;
  readonly currentStep: number | null;
  readonly totalSteps: number | null;
  readonly attempt: number;
  /** With the option `events`: the newest 1 000, in order. Otherwise empty. */
  readonly events: readonly AnyJobEvent[];
  /** Once the job is `COMPLETED`. */
  readonly result: Result | undefined;
  /** `JobFailedError` or `JobCancelledError` once the job has ended so; else why it cannot be followed. */
  readonly error: Error | undefined;
  /** The job has ended, or cannot be followed any more: `result` or `error` says how. */
  readonly isDone: boolean;
}

export const UNKNOWN: JobState<never> = {
  ...NO_PROGRESS,
  status: undefined,
  events: [],
  result: undefined,
  error: undefined,
  isDone: false,
};

const MOST_EVENTS = 1_000;

/** As the server shows the job. */
export function stateOfJob<Result>(job: JobOf<Result>): JobState<Result> {
  const { status, progress, message, currentStep, totalSteps, attempt } = job;
  const known = { ...UNKNOWN, status, progress, message, currentStep, totalSteps, attempt };
  return isTerminal(status) ? { ...known, ...outcomeOf(job) } : known;
}

export function stateAfter<Result>(
  before: JobState<Result>,
  event: AnyJobEvent,
  { keepsEvents }: { keepsEvents: boolean },
): JobState<Result> {
  const progress = advance({ ...before, status: before.status ?? "PENDING" }, event);
  const events = keepsEvents ? [...before.events, event].slice(-MOST_EVENTS) : before.events;
  const { status, message, currentStep, totalSteps, attempt } = progress;
  const state = { ...before, status, progress: progress.progress, message, currentStep, totalSteps, attempt, events };
  if (!isTerminal(event.status)) return state;
  const { result = null, error = null } = event.data as { result?: Result | null; error?: JobOf<Result>["error"] };
  return { ...state, ...outcomeOf<Result>({ id: event.jobId, status: event.status, result, error }) };
}

/** It cannot be followed any more. */
export function stateAfterFault<Result>(before: JobState<Result>, error: Error): JobState<Result> {
  return { ...before, error, isDone: true };
}

function outcomeOf<Result>(
  job: Pick<JobOf<Result>, "id" | "status" | "result" | "error">,
): Pick<JobState<Result>, "result" | "error" | "isDone"> {
  if (job.status === "COMPLETED") return { result: job.result as Result, error: undefined, isDone: true };
  const error = job.status === "CANCELLED" ? new JobCancelledError(job.id) : new JobFailedError(job);
  return { result: undefined, error, isDone: true };
}
