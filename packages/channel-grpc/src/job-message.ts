// A job and its error as messages.
import { estimatedTimeRemainingMs, fractionDone, type Job, jobPath, payloadText, resultUrl } from "@meanwhile/core";
import { type JobError, LIMITS, toInstantText } from "@meanwhile/protocol";
import type { ErrorMessage, JobMessage } from "./messages.js";

export interface JobMessageOptions {
  /** Put before every link: empty for absolute paths, or the address of the HTTP server. */
  readonly linkBase: string;
  readonly queuePosition?: number | null;
}

export function jobMessage(job: Job, { linkBase, queuePosition = null }: JobMessageOptions): JobMessage {
  const { progress } = job;
  return present({
    id: job.id,
    type: job.type,
    status: job.status,
    parameters_json: payloadText(job.parameters),
    progress: fractionDone(job),
    message: progress?.message,
    current_step: progress?.currentStep,
    total_steps: progress?.totalSteps,
    estimated_time_remaining_ms: estimatedTimeRemainingMs(job),
    priority: job.priority,
    attempt: job.attempt,
    max_attempts: job.maxAttempts,
    queue_position: queuePosition,
    cancel_requested: job.cancelRequestedBy !== null,
    callback_id: job.callbackId,
    tags: job.tags,
    created_at: toInstantText(job.createdAt),
    updated_at: toInstantText(job.updatedAt),
    started_at: instant(job.startedAt),
    completed_at: instant(job.completedAt),
    run_at: toInstantText(job.runAt),
    start_by: instant(job.startBy),
    complete_by: instant(job.completeBy),
    purge_at: instant(job.purgeAt),
    result: job.result === null ? undefined : resultBytes(payloadText(job.result)),
    result_url: job.status === "COMPLETED" ? resultUrl(job.id, linkBase) : undefined,
    error: job.error === null ? undefined : errorMessage(job.error),
    rerun_of: job.rerunOf,
    last_seq: job.lastSeq,
    status_url: linkBase + jobPath(job.id),
  });
}

export function errorMessage({ code, message, details }: JobError): ErrorMessage {
  return details === undefined ? { code, message } : { code, message, details_json: JSON.stringify(details) };
}

/** `undefined` for a result that is too large to be pushed. */
export function resultBytes(json: string): Uint8Array | undefined {
  const bytes = Buffer.from(json);
  return bytes.length > LIMITS.pushedResultBytes ? undefined : bytes;
}

function instant(epochMs: number | null): string | undefined {
  return epochMs === null ? undefined : toInstantText(epochMs);
}

type Present<T> = { [K in keyof T as null extends T[K] ? never : undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as null extends T[K] ? K : undefined extends T[K] ? K : never]?: Exclude<T[K], null | undefined>;
};

/** Without the members that have no value: the encoder would take `null` for one. */
export function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && value !== null),
  ) as Present<T>;
}
