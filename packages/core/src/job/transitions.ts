// The status table: what each command does to a job. Pure; the only place where a status is decided.
import { isTerminal, type JobError, type JobStatus, toInstantText } from "@meanwhile/protocol";
import { assertNever } from "../assert-never.js";
import type { Change, Guard, JobPatch, NewEvent } from "./change.js";
import type { JobState, Progress } from "./job.js";
import { jsonPayload, type Payload } from "./payload.js";

/** A worker's command names the lease that it holds; without it there is no write (invariant I4). */
export type Command =
  | { kind: "complete"; leaseToken: string; result: Payload; progress?: Progress }
  | { kind: "fail"; leaseToken: string; error: JobError; retry: RetryDecision; progress?: Progress }
  /** The attempt stopped because its cancel wish was seen. */
  | { kind: "abortCancelled"; leaseToken: string; progress?: Progress }
  | { kind: "handBack"; leaseToken: string; progress?: Progress }
  | { kind: "report"; leaseToken: string; progress?: Progress; outputs?: readonly Payload[] }
  | { kind: "finishUndo"; leaseToken: string }
  | { kind: "requestCancel"; by: string }
  | { kind: "expireLease"; retryAfterMs: number }
  | { kind: "expireStart" }
  | { kind: "expireDeadline" };

/** `never`: the failure is final whatever attempts are left. */
export type RetryDecision = "never" | { afterMs: number };

/** Why a command does nothing to this job now. */
export interface Refusal {
  readonly refused: "already_finished" | "already_requested" | "lease_lost" | "not_due" | "not_possible";
}

export type Decision = Change | Refusal;

export function isRefusal(decision: Decision): decision is Refusal {
  return "refused" in decision;
}

/** Applies one command to a job as it was read. The guard of the change names every fact that the decision rests on. */
export function transition(job: JobState, command: Command, now: number): Decision {
  if (isTerminal(job.status)) return { refused: "already_finished" };
  if ("leaseToken" in command && job.lease?.token !== command.leaseToken) return { refused: "lease_lost" };
  switch (command.kind) {
    case "complete":
      return job.status === "PROCESSING" ? complete(job, command, now) : { refused: "not_possible" };
    case "fail":
      return failAttempt(job, command, now);
    case "abortCancelled":
      return abortCancelled(job, command, now);
    case "handBack":
      return handBack(job, command, now);
    case "report":
      return report(job, command, now);
    case "finishUndo":
      return job.status === "ROLLBACK_PROCESSING" ? finishUndo(job, now) : { refused: "not_possible" };
    case "requestCancel":
      return requestCancel(job, command.by, now);
    case "expireLease":
      return expireLease(job, command.retryAfterMs, now);
    case "expireStart":
      return expireStart(job, now);
    case "expireDeadline":
      return expireDeadline(job, now);
    default:
      return assertNever(command);
  }
}

function complete(
  job: JobState,
  { leaseToken, result, progress }: Command & { kind: "complete" },
  now: number,
): Change {
  // Whether a cancel wish is there is not read: a handler that returned before it saw the wish still completes.
  // Written out, without the helpers below: nearly every job passes here.
  const ended: JobPatch = {
    status: "COMPLETED",
    readiness: null,
    releaseLease: true,
    completedAt: now,
    purgeAt: now + job.retentionMs,
    result,
  };
  const completed: NewEvent = { type: "job.completed", status: "COMPLETED", at: now, attempt: job.attempt, data: null };
  const reported = progress !== undefined;
  return {
    jobId: job.id,
    guard: { status: "PROCESSING", leaseToken },
    patch: reported ? { ...ended, progress } : ended,
    events: reported ? [...progressEvents(job, progress, now), completed] : [completed],
    at: now,
  };
}

function failAttempt(job: JobState, command: Command & { kind: "fail" }, now: number): Decision {
  const before = progressEvents(job, command.progress, now);
  if (job.status === "ROLLBACK_PROCESSING") return failUndo(job, command, now);
  // With a wish there the job would only live on against it; which error the abort raised is the handler's business.
  if (job.cancelRequestedBy !== null) return endCancelled(job, held(job), now, command);
  const deadlineMissed = job.completeBy !== null && job.completeBy <= now;
  const mayRetry = command.retry !== "never" && job.attempt < job.maxAttempts && !deadlineMissed;
  const guard: Guard = { ...held(job), cancelRequested: false };
  if (mayRetry && command.retry !== "never") {
    return retry(job, guard, now, {
      error: command.error,
      afterMs: command.retry.afterMs,
      before,
      progress: command.progress,
    });
  }
  return endFailed(job, guard, now, {
    error: deadlineMissed ? deadlineError() : command.error,
    before,
    progress: command.progress,
  });
}

function failUndo(job: JobState, command: Command & { kind: "fail" }, now: number): Change {
  if (command.retry !== "never" && job.attempt < job.maxAttempts) {
    return retry(job, held(job), now, {
      error: command.error,
      afterMs: command.retry.afterMs,
      before: [],
      progress: undefined,
    });
  }
  const error: JobError = {
    code: "rollback_failed",
    message: "Undoing the completed steps failed.",
    details: { undo: command.error, cause: job.error, steps: job.undoSteps },
  };
  return change(job, held(job), now, {
    patch: { ...terminal(job, "FAILED", now), error },
    events: [event(job, "job.failed", "FAILED", now, null)],
  });
}

function abortCancelled(job: JobState, command: Command & { kind: "abortCancelled" }, now: number): Decision {
  // An undoing is not cancelled: what was begun to be undone is undone.
  if (job.status !== "PROCESSING" || job.cancelRequestedBy === null) return { refused: "not_possible" };
  return endCancelled(job, held(job), now, command);
}

/** The handler's process is going away; the attempt is not counted. */
function handBack(job: JobState, command: Command & { kind: "handBack" }, now: number): Change {
  if (job.cancelRequestedBy !== null && job.status === "PROCESSING") return endCancelled(job, held(job), now, command);
  const guard: Guard = job.status === "PROCESSING" ? { ...held(job), cancelRequested: false } : held(job);
  const next = retry(job, guard, now, {
    error: HANDED_BACK,
    afterMs: 0,
    before: progressEvents(job, command.progress, now),
    progress: command.progress,
  });
  return { ...next, patch: { ...next.patch, attempt: job.attempt - 1, keepsPlace: true } };
}

function report(job: JobState, command: Command & { kind: "report" }, now: number): Change {
  const outputs = (command.outputs ?? []).map((chunk) => event(job, "job.output", job.status, now, chunk));
  return change(job, held(job), now, {
    patch: command.progress === undefined ? {} : { progress: command.progress },
    events: [...outputs, ...progressEvents(job, command.progress, now)],
  });
}

function finishUndo(job: JobState, now: number): Change {
  return change(job, held(job), now, {
    patch: { ...terminal(job, "ROLLBACK_COMPLETED", now), undoSteps: [] },
    events: [
      event(
        job,
        "job.rollback_completed",
        "ROLLBACK_COMPLETED",
        now,
        jsonPayload({ error: job.error, steps: job.undoSteps }),
      ),
    ],
  });
}

function requestCancel(job: JobState, by: string, now: number): Decision {
  if (job.cancelRequestedBy !== null) return { refused: "already_requested" };
  // What never ran, or waits for a retry, ends at once. A claim that comes in between makes the guard miss.
  if (job.status === "PENDING") return endCancelled({ ...job, cancelRequestedBy: by }, seen(job), now, { by });
  return change(job, { status: job.status, cancelRequested: false }, now, {
    patch: { cancelRequestedBy: by },
    events: [event(job, "job.cancel_requested", job.status, now, jsonPayload({ by }))],
  });
}

function expireLease(job: JobState, retryAfterMs: number, now: number): Decision {
  if (job.lease === null || job.lease.expiresAt > now) return { refused: "not_due" };
  const guard: Guard = { ...held(job), leaseExpiredAt: now };
  if (job.status === "ROLLBACK_PROCESSING") {
    if (job.attempt < job.maxAttempts) {
      return retry(job, guard, now, { error: LEASE_EXPIRED, afterMs: retryAfterMs, before: [], progress: undefined });
    }
    return endFailed({ ...job, undoSteps: [] }, guard, now, {
      error: { ...LEASE_EXPIRED, code: "rollback_failed" },
      before: [],
    });
  }
  const unwished: Guard = { ...guard, cancelRequested: job.cancelRequestedBy !== null };
  if (job.cancelRequestedBy !== null) return endCancelled(job, unwished, now, {});
  if (job.completeBy !== null && job.completeBy <= now) {
    return endFailed(job, unwished, now, { error: deadlineError(), before: [] });
  }
  if (job.attempt < job.maxAttempts) {
    return retry(job, unwished, now, { error: LEASE_EXPIRED, afterMs: retryAfterMs, before: [], progress: undefined });
  }
  return endFailed(job, unwished, now, { error: LEASE_EXPIRED, before: [] });
}

function expireStart(job: JobState, now: number): Decision {
  if (job.status !== "PENDING" || job.startedAt !== null) return { refused: "not_possible" };
  if (job.startBy === null || job.startBy > now) return { refused: "not_due" };
  return endFailed(job, seen(job), now, { error: START_EXPIRED, before: [] });
}

function expireDeadline(job: JobState, now: number): Decision {
  if (job.status !== "PENDING") return { refused: "not_possible" };
  if (job.completeBy === null || job.completeBy > now) return { refused: "not_due" };
  return endFailed(job, seen(job), now, { error: deadlineError(), before: [] });
}

interface RetryFacts {
  error: JobError;
  afterMs: number;
  before: readonly NewEvent[];
  progress: Progress | undefined;
}

function retry(job: JobState, guard: Guard, now: number, { error, afterMs, before, progress }: RetryFacts): Change {
  const status: JobStatus = job.status === "ROLLBACK_PROCESSING" ? "ROLLBACK_REQUIRED" : "PENDING";
  const runAt = now + afterMs;
  const data = jsonPayload({ attempt: job.attempt, error, runAt: toInstantText(runAt) });
  return change(job, guard, now, {
    patch: {
      status,
      readiness: afterMs > 0 ? "delayed" : "ready",
      runAt,
      releaseLease: true,
      ...(progress === undefined ? {} : { progress }),
    },
    events: [...before, event(job, "job.retrying", status, now, data)],
  });
}

interface FailureFacts {
  error: JobError;
  before: readonly NewEvent[];
  progress?: Progress | undefined;
}

function endFailed(job: JobState, guard: Guard, now: number, { error, before, progress }: FailureFacts): Change {
  const reported = progress === undefined ? {} : { progress };
  if (job.undoSteps.length > 0) return requireRollback(job, guard, now, { error, before, progress });
  return change(job, guard, now, {
    patch: { ...terminal(job, "FAILED", now), error, ...reported },
    events: [...before, event(job, "job.failed", "FAILED", now, null)],
  });
}

function endCancelled(
  job: JobState,
  guard: Guard,
  now: number,
  { by, progress }: { by?: string; progress?: Progress },
): Change {
  const before = progressEvents(job, progress, now);
  const reported = progress === undefined ? {} : { progress };
  const wished = by === undefined ? {} : { cancelRequestedBy: by };
  const data = jsonPayload({ by: by ?? job.cancelRequestedBy });
  if (job.undoSteps.length > 0) {
    const error: JobError = { code: "cancelled", message: "The job was cancelled." };
    // No `job.cancelled` will say who it was.
    const wish = by === undefined ? [] : [event(job, "job.cancel_requested", job.status, now, data)];
    const rollback = requireRollback(job, guard, now, { error, before: [...before, ...wish], progress });
    return { ...rollback, patch: { ...rollback.patch, ...wished } };
  }
  return change(job, guard, now, {
    patch: { ...terminal(job, "CANCELLED", now), ...wished, ...reported },
    events: [...before, event(job, "job.cancelled", "CANCELLED", now, data)],
  });
}

/** The undoing has attempts of its own: the count starts again. */
function requireRollback(job: JobState, guard: Guard, now: number, { error, before, progress }: FailureFacts): Change {
  const data = jsonPayload({ error, steps: job.undoSteps });
  return change(job, guard, now, {
    patch: {
      status: "ROLLBACK_REQUIRED",
      readiness: "ready",
      attempt: 0,
      runAt: now,
      error,
      ...(job.lease === null ? {} : { releaseLease: true as const }),
      ...(progress === undefined ? {} : { progress }),
    },
    events: [...before, event(job, "job.rollback_required", "ROLLBACK_REQUIRED", now, data)],
  });
}

/** What every terminal change does: nothing is waiting or leased any more, and the retention begins. */
function terminal(job: JobState, status: JobStatus, now: number): JobPatch {
  return {
    status,
    readiness: null,
    completedAt: now,
    purgeAt: now + job.retentionMs,
    ...(job.lease === null ? {} : { releaseLease: true as const }),
  };
}

const held = (job: JobState): Guard => ({ status: job.status, leaseToken: job.lease!.token });

// Status alone would let a change through that decided on an earlier life of the same status.
const seen = (job: JobState): Guard => ({ status: job.status, lastSeq: job.lastSeq });

function change(
  job: JobState,
  guard: Guard,
  at: number,
  what: { patch: JobPatch; events: readonly NewEvent[] },
): Change {
  return { jobId: job.id, guard, patch: what.patch, events: what.events, at };
}

function event(job: JobState, type: NewEvent["type"], status: JobStatus, at: number, data: Payload | null): NewEvent {
  return { type, status, at, attempt: job.attempt, data };
}

function progressEvents(job: JobState, progress: Progress | undefined, at: number): readonly NewEvent[] {
  return progress === undefined ? NO_EVENTS : [event(job, "job.progress", job.status, at, progressPayload(progress))];
}

function progressPayload(progress: Progress): Payload {
  return jsonPayload({
    progress: progress.fraction,
    ...(progress.message === null ? {} : { message: progress.message }),
    ...(progress.currentStep === null ? {} : { currentStep: progress.currentStep }),
    ...(progress.totalSteps === null ? {} : { totalSteps: progress.totalSteps }),
  });
}

const NO_EVENTS: readonly NewEvent[] = [];

const HANDED_BACK: JobError = {
  code: "handed_back",
  message: "The worker stopped; the attempt is run again elsewhere.",
};

const LEASE_EXPIRED: JobError = { code: "lease_expired", message: "The worker gave no sign of life." };

export const START_EXPIRED: JobError = { code: "expired", message: "The job was not started in time." };

const deadlineError = (): JobError => ({ code: "deadline_exceeded", message: "The job was not finished in time." });
