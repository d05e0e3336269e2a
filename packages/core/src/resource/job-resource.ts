// A job as callers see it, written as JSON text by hand: the stored payloads are spliced in, never parsed.
import { isTerminal, type ProgressResource, toInstantText } from "@meanwhile/protocol";
import { fractionDone, type Job } from "../job/job.js";

export interface JobResourceOptions {
  /** Put before every link: empty for absolute paths, or the address of the server. */
  readonly linkBase: string;
  readonly queuePosition?: number | null;
}

export function jobPath(jobId: string): string {
  return `/api/v2/jobs/${jobId}`;
}

/** The JSON text of a `JobResource`. */
export function jobResourceText(job: Job, { linkBase, queuePosition = null }: JobResourceOptions): string {
  const { progress } = job;
  const url = `${linkBase}/api/v2/jobs/${job.id}`;
  return `{"id":"${job.id}","type":${JSON.stringify(job.type)},"status":"${job.status}","statusUrl":"${url}","parameters":${payloadText(
    job.parameters,
  )},"progress":${fractionDone(job)},"message":${text(progress === null ? null : progress.message)},"currentStep":${
    progress === null ? null : progress.currentStep
  },"totalSteps":${progress === null ? null : progress.totalSteps},"estimatedTimeRemainingMs":${estimatedTimeRemainingMs(
    job,
  )},"priority":${job.priority},"attempt":${job.attempt},"maxAttempts":${job.maxAttempts},"queuePosition":${queuePosition},"cancelRequested":${
    job.cancelRequestedBy !== null
  },"callbackId":${text(job.callbackId)},"webhookEnabled":${job.webhook !== null},"tags":${
    job.tags.length === 0 ? "[]" : JSON.stringify(job.tags)
  },"createdAt":${instant(job.createdAt)},"updatedAt":${instant(job.updatedAt)},"startedAt":${instant(job.startedAt)},"completedAt":${instant(
    job.completedAt,
  )},"runAt":${instant(job.runAt)},"startBy":${instant(job.startBy)},"completeBy":${instant(job.completeBy)},"purgeAt":${instant(
    job.purgeAt,
  )},"result":${job.result === null ? "null" : payloadText(job.result)},"error":${
    job.error === null ? "null" : JSON.stringify(job.error)
  },"rerunOf":${job.rerunOf === null ? "null" : `"${job.rerunOf}"`},"lastSeq":${job.lastSeq},"links":{"self":"${url}","events":"${url}/events","progress":"${url}/progress","result":"${url}/result","logs":"${url}/logs","cancel":"${url}/cancel"}}`;
}

export function progressResource(job: Job): ProgressResource {
  return {
    id: job.id,
    status: job.status,
    progressPercentage: Math.round(fractionDone(job) * 10_000) / 100,
    currentStep: job.progress?.currentStep ?? null,
    totalSteps: job.progress?.totalSteps ?? null,
    estimatedTimeRemainingMs: estimatedTimeRemainingMs(job),
    message: job.progress?.message ?? null,
  };
}

/**
 * What the first attempt needed so far, stretched over what is left. Drawn from the stored record alone, so that it
 * stays the same as long as the ETag does; later attempts do not say when they began.
 */
export function estimatedTimeRemainingMs(job: Job): number | null {
  const fraction = job.progress?.fraction ?? 0;
  if (job.status !== "PROCESSING" || job.attempt !== 1 || job.startedAt === null) return null;
  if (fraction <= 0 || fraction > 1) return null;
  return Math.max(0, Math.round(((job.updatedAt - job.startedAt) * (1 - fraction)) / fraction));
}

/** @throws TypeError where the payload is not kept as plain JSON. */
export function payloadText(payload: { readonly encoding: string; readonly body: string | Uint8Array }): string {
  if (payload.encoding === "json" && typeof payload.body === "string") return payload.body;
  throw new TypeError(`A payload in encoding "${payload.encoding}" cannot be shown as plain JSON.`);
}

/** Seconds until asking again makes sense; `undefined` once the job is terminal. */
export function retryAfterSeconds(job: Job, now: number): number | undefined {
  if (isTerminal(job.status)) return undefined;
  if (job.readiness !== "delayed") return 1;
  return Math.min(LONGEST_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil((job.runAt - now) / 1_000)));
}

// A delayed job may still be cancelled or rerun by others: nobody should look away for longer than a minute.
const LONGEST_RETRY_AFTER_SECONDS = 60;

function text(value: string | null): string {
  return value === null ? "null" : JSON.stringify(value);
}

// Most instants of a young job are the same one: the last text is kept, since making it costs more than all the rest.
let lastEpochMs = Number.NaN;
let lastText = "";

function instant(epochMs: number | null): string {
  if (epochMs === null) return "null";
  if (epochMs !== lastEpochMs) {
    lastText = `"${toInstantText(epochMs)}"`;
    lastEpochMs = epochMs;
  }
  return lastText;
}
