// Whatever was thrown becomes a problem document (RFC 9457), on every channel alike; the text of an internal error never leaves the house.
import { ERROR_CODES, type Problem } from "@meanwhile/protocol";
import { AppError } from "../errors.js";

export interface ProblemOptions {
  /** What the caller asked for: the path of the request, or the name of the operation. */
  readonly instance: string;
  readonly traceId: string;
  /** Put before every link: empty for absolute paths, or the address of the server. */
  readonly linkBase: string;
  /** Where the transport says more than the code's own status does. Default: the code's HTTP status. */
  readonly status?: number;
}

export interface ShownError {
  /** What the caller may see. */
  readonly error: AppError;
  /** What went wrong on our side, for the log; `undefined` where nothing did. */
  readonly internal: unknown;
}

/** @param requestId By which the log names the failure. */
export function toShownError(thrown: unknown, requestId: string): ShownError {
  if (!(thrown instanceof AppError)) {
    const message = `Something went wrong on our side. The log of the server names it by the request ${requestId}.`;
    return { error: new AppError("internal", { message }), internal: thrown };
  }
  if (thrown.code === "internal") return { error: thrown, internal: thrown };
  if (thrown.code !== "store_unavailable") return { error: thrown, internal: undefined };
  // What a failing store says names files and advises operators: that is for the log.
  return { error: thrown.cause === undefined ? thrown : storeAway(thrown), internal: thrown };
}

export function toProblem(error: AppError, { instance, traceId, linkBase, status }: ProblemOptions): Problem {
  const { httpStatus, title } = ERROR_CODES[error.code];
  return {
    // Extensions first: a fact must never take the place of a member that the standard names.
    ...error.details,
    type: `${linkBase}/docs#${error.code}`,
    title,
    status: status ?? httpStatus,
    detail: error.message,
    instance,
    code: error.code,
    traceId,
    ...(error.faults.length === 0 ? {} : { errors: error.faults }),
  };
}

/** Seconds after which the same request may succeed, at least 1; `undefined` where it never will. */
export function errorRetryAfterSeconds(error: AppError): number | undefined {
  if (error.retryAfterMs === undefined && ERROR_CODES[error.code].retry !== "after") return undefined;
  return Math.max(1, Math.ceil((error.retryAfterMs ?? 1_000) / 1_000));
}

function storeAway({ retryAfterMs }: AppError): AppError {
  return new AppError("store_unavailable", {
    message: "The store cannot be reached or written at the moment. Try again in a moment.",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
