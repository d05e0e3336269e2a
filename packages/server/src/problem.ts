// Whatever was thrown becomes a problem document with the headers that HTTP adds to it.
import { AppError, errorRetryAfterSeconds, toProblem, toShownError } from "@meanwhile/core";
import type { ErrorCode, Problem } from "@meanwhile/protocol";

export interface ProblemOptions {
  readonly instance: string;
  readonly traceId: string;
  readonly requestId: string;
  readonly linkBase: string;
  /** The largest body that the route takes, where there is a route. */
  readonly maxBodyBytes?: number | undefined;
}

export interface ProblemAnswer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  /** What went wrong on our side, for the log. */
  readonly internal: unknown;
}

/** A refusal of HTTP itself: one with headers of its own, or whose status says more than that of its code (416). */
export class HttpRefusal extends AppError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    code: ErrorCode = "invalid_request",
  ) {
    super(code, { message });
    this.status = status;
    this.headers = headers;
  }
}

export function toProblemAnswer(thrown: unknown, options: ProblemOptions): ProblemAnswer {
  const { error, internal } = toShownError(fromFramework(thrown, options) ?? thrown, options.requestId);
  const { instance, traceId, linkBase } = options;
  const status = error instanceof HttpRefusal ? { status: error.status } : {};
  return { problem: toProblem(error, { instance, traceId, linkBase, ...status }), headers: headersOf(error), internal };
}

function headersOf(error: AppError): Record<string, string> {
  const headers: Record<string, string> = {
    "content-type": "application/problem+json",
    // A refusal is about this moment; 404 and 410 would otherwise be kept by caches that guess.
    "cache-control": "no-store",
    ...(error instanceof HttpRefusal ? error.headers : {}),
  };
  const retryAfter = errorRetryAfterSeconds(error);
  if (retryAfter !== undefined) headers["retry-after"] = String(retryAfter);
  if (error.code === "unauthenticated") headers["www-authenticate"] = challenge(error);
  if (error.code === "forbidden" && typeof error.details.scope === "string") {
    headers["www-authenticate"] = `Bearer error="insufficient_scope", scope="${error.details.scope}"`;
  }
  return headers;
}

function challenge(error: AppError): string {
  return error.details.presented === true ? 'Bearer error="invalid_token"' : "Bearer";
}

/** What Fastify refuses by itself, in our words. */
const FRAMEWORK_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported_media_type",
  FST_ERR_CTP_BODY_TOO_LARGE: "payload_too_large",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "invalid_request",
  FST_ERR_BAD_URL: "invalid_request",
};

const FRAMEWORK_MESSAGES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "The body's Content-Type cannot be read, or is not taken here.",
  FST_ERR_CTP_BODY_TOO_LARGE: "The body is larger than this endpoint takes.",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "The body is shorter or longer than its Content-Length says.",
  FST_ERR_BAD_URL: "The path holds an escape that cannot be read.",
};

function fromFramework(thrown: unknown, { maxBodyBytes }: ProblemOptions): AppError | undefined {
  if (!(thrown instanceof Error) || thrown instanceof AppError) return undefined;
  const { code = "", statusCode = 500 } = thrown as Error & { code?: string; statusCode?: number };
  const known = FRAMEWORK_CODES[code];
  if (known === "payload_too_large" && maxBodyBytes !== undefined) {
    return new AppError(known, { message: `The body is larger than the ${maxBodyBytes} bytes that are taken here.` });
  }
  if (known !== undefined) return new AppError(known, { message: FRAMEWORK_MESSAGES[code] ?? thrown.message });
  // A body that broke off, and what else Fastify blames on the caller.
  if (statusCode < 400 || statusCode >= 500) return undefined;
  return new AppError("invalid_request", { message: "The request cannot be read to its end.", cause: thrown });
}
