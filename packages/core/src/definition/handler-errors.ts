// What a handler throws to say more than "it failed", and what its signal says when it must stop.

/** An error whose code, message and details callers are shown. */
abstract class CodedError extends Error {
  /** `lower_snake_case`. */
  readonly code: string;
  readonly details: unknown;

  constructor(code: string, message: string, options: { details?: unknown; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }
}

/**
 * Fails the job for good, whatever attempts are left.
 *
 * @example throw new NonRetryableError("empty_file", "The file has no bytes.");
 */
export class NonRetryableError extends CodedError {
  override readonly name = "NonRetryableError";
}

/**
 * Fails the attempt and chooses how long the job waits for the next; it still uses up an attempt.
 *
 * @param afterMs Milliseconds, at least 0.
 */
export class RetryAfterError extends Error {
  override readonly name = "RetryAfterError";
  readonly afterMs: number;
  readonly code: string;

  constructor(
    afterMs: number,
    message = "The job asked to be run again later.",
    options: { code?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    if (!Number.isFinite(afterMs) || afterMs < 0)
      throw new RangeError(`RetryAfterError: afterMs must be at least 0, got ${afterMs}.`);
    this.afterMs = afterMs;
    this.code = options.code ?? "handler_error";
  }
}

/**
 * A failure with a code of the handler's own that may be retried.
 *
 * @example throw new RetryableError("bank_unreachable", "The bank did not answer.");
 */
export class RetryableError extends CodedError {
  override readonly name = "RetryableError";
}

export type AbortReason = "cancelled" | "timeout" | "deadline_exceeded" | "lease_lost" | "stopping";

/** The reason of a handler's signal. */
export class AttemptAbortedError extends Error {
  override readonly name = "AttemptAbortedError";
  readonly reason: AbortReason;

  constructor(reason: AbortReason) {
    super(ABORT_MESSAGES[reason]);
    this.reason = reason;
  }
}

const ABORT_MESSAGES: Readonly<Record<AbortReason, string>> = {
  cancelled: "The job was cancelled.",
  timeout: "The attempt took too long.",
  deadline_exceeded: "The job's deadline has passed.",
  lease_lost: "The worker lost the lease of this attempt.",
  stopping: "The worker is stopping.",
};
