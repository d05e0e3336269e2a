// The errors that cross a boundary: a code for machines, a sentence for people.
import type { ErrorCode, Fault } from "@meanwhile/protocol";

export interface AppErrorOptions {
  /** What happened and what would do; shown to the caller. */
  message: string;
  /** Facts about it; become extension members of the problem. */
  details?: Readonly<Record<string, unknown>>;
  /** Where in the request's document the faults are. */
  faults?: readonly Fault[];
  /** When the same request may succeed. */
  retryAfterMs?: number;
  cause?: unknown;
}

/** A refusal that the caller may see. Everything else that is thrown is an internal error. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly faults: readonly Fault[];
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.faults = options.faults ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether the store could not be reached, or took no write: the same call may succeed later. */
export function isOutage(error: unknown): boolean {
  return error instanceof AppError && error.code === "store_unavailable";
}

/** `failed`: the transaction can only be rolled back. `unfit`: what was given is no connection that could be in a transaction. */
export type TransactionErrorReason =
  | "unsupported"
  | "unfit"
  | "not_begun"
  | "failed"
  | "read_only"
  | "no_tables"
  | "denied";

/** A submit cannot join the transaction that it was given; nothing was written. The message says why, and what would do. */
export class TransactionError extends Error {
  override readonly name = "TransactionError";
  readonly reason: TransactionErrorReason;

  constructor(reason: TransactionErrorReason, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
  }
}

/** A definition, an option or a setting is wrong: the start stops here. The message says which, what came and what would do. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}
