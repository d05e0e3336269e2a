// Every way in which the client says no: a code for machines, a sentence for people, and the facts as fields.
import type { ErrorCode, Fault, JobError, JobStatus, Problem } from "@meanwhile/protocol";

/** What all errors of this client share. */
export abstract class MeanwhileError extends Error {
  /** `lower_snake_case`, stable. */
  abstract readonly code: string;
}

/** The server refused the request. */
export class ProblemError extends MeanwhileError {
  override readonly name: string = "ProblemError";
  /** From the table of errors; `unexpected_answer` where what came is no answer of a meanwhile server (a proxy, say). */
  readonly code: ErrorCode | "unexpected_answer";
  /** The HTTP status; 0 where the refusal came over a WebSocket that gave none. */
  readonly status: number;
  /** What is wrong where in the request; empty where nothing is named. */
  readonly errors: readonly Fault[];
  /** Names the request in the server's log. */
  readonly traceId: string | undefined;
  /** How long the server asks to wait before the same request. */
  readonly retryAfterMs: number | undefined;
  /** The whole document, its extensions included. */
  readonly problem: Problem | undefined;

  constructor(
    facts: { message: string; status: number; problem?: Problem | undefined; retryAfterMs?: number | undefined },
    options: { cause?: unknown } = {},
  ) {
    super(facts.message, options);
    this.code = facts.problem?.code ?? "unexpected_answer";
    this.status = facts.status;
    this.errors = facts.problem?.errors ?? [];
    this.traceId = facts.problem?.traceId;
    this.retryAfterMs = facts.retryAfterMs;
    this.problem = facts.problem;
  }
}

/** The job was there once; its parameters, result and events have been erased. */
export class JobPurgedError extends ProblemError {
  override readonly name = "JobPurgedError";
}

/** The job ended without a result: `FAILED`, or `ROLLBACK_COMPLETED`. `code` and `message` are the job's own. */
export class JobFailedError extends MeanwhileError {
  override readonly name = "JobFailedError";
  readonly code: string;
  readonly jobId: string;
  readonly status: JobStatus;
  readonly details: unknown;

  constructor(job: { id: string; status: JobStatus; error: JobError | null }) {
    super(job.error?.message ?? `The job ended as ${job.status}.`);
    this.code = job.error?.code ?? "job_failed";
    this.jobId = job.id;
    this.status = job.status;
    this.details = job.error?.details;
  }
}

/** The job was cancelled: it has no result and will have none. */
export class JobCancelledError extends MeanwhileError {
  override readonly name = "JobCancelledError";
  readonly code = "job_cancelled";
  readonly jobId: string;

  constructor(jobId: string) {
    super(`The job ${jobId} was cancelled; it has no result.`);
    this.jobId = jobId;
  }
}

/** The time that the caller gave is up. The job goes on. */
export class TimeoutError extends MeanwhileError {
  override readonly name = "TimeoutError";
  readonly code = "timeout";
  readonly jobId: string;
  readonly timeoutMs: number;
  /** As last heard; `undefined` where nothing was heard of the job. */
  readonly status: JobStatus | undefined;

  constructor(jobId: string, { timeoutMs, status }: { timeoutMs: number; status: JobStatus | undefined }) {
    const last = status === undefined ? "" : `; it was ${status} when last heard of`;
    super(`The job ${jobId} has not finished within ${timeoutMs} ms${last}. It goes on: ask again.`);
    this.jobId = jobId;
    this.timeoutMs = timeoutMs;
    this.status = status;
  }
}

/** No answer, after every retry: the server cannot be reached, or the connection breaks. `cause` says how. */
export class ConnectionError extends MeanwhileError {
  override readonly name = "ConnectionError";
  readonly code = "unreachable";
  readonly url: string;

  constructor(url: string, { reason, cause }: { reason: string; cause?: unknown }) {
    super(`No answer from ${url}: ${reason}`, { cause });
    this.url = url;
  }
}

/** A webhook that did not come from who holds the secret, or not now. Answer it 400 or 401. */
export class WebhookVerificationError extends MeanwhileError {
  override readonly name = "WebhookVerificationError";
  readonly code: "missing_header" | "bad_timestamp" | "too_old" | "too_new" | "no_match" | "unreadable_body";

  constructor(code: WebhookVerificationError["code"], message: string) {
    super(message);
    this.code = code;
  }
}
