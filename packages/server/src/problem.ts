// Whatever was thrown becomes a problem document (RFC 9457); the text of an internal error never leaves the house.
import { AppError } from "@meanwhile/core";
import { ERROR_CODES, type ErrorCode, type Problem } from "@meanwhile/protocol";

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

export function toProblem(thrown: unknown, options: ProblemOptions): ProblemAnswer {
  const known = thrown instanceof AppError ? thrown : fromFramework(thrown, options);
  if (known === undefined) {
    return {
      ...describe(new AppError("internal", { message: internalMessage(options.requestId) }), options),
      internal: thrown,
    };
  }
  // What a failing store says names files and advises operators: that is for the log.
  const isOfStore = known.code === "store_unavailable" && known.cause !== undefined;
  const isOurFault = known.code === "internal" || known.code === "store_unavailable";
  return { ...describe(isOfStore ? storeAway(known) : known, options), internal: isOurFault ? known : undefined };
}

function storeAway({ retryAfterMs }: AppError): AppError {
  return new AppError("store_unavailable", {
    message: "The store cannot be reached or written at the moment. Try again in a moment.",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function describe(error: AppError, options: ProblemOptions): Omit<ProblemAnswer, "internal"> {
  const { httpStatus, title, retry } = ERROR_CODES[error.code];
  const status = error instanceof HttpRefusal ? error.status : httpStatus;
  const headers: Record<string, string> = {
    "content-type": "application/problem+json",
    // A refusal is about this moment; 404 and 410 would otherwise be kept by caches that guess.
    "cache-control": "no-store",
    ...(error instanceof HttpRefusal ? error.headers : {}),
  };
  if (error.retryAfterMs !== undefined || retry === "after") {
    headers["retry-after"] = String(Math.max(1, Math.ceil((error.retryAfterMs ?? 1_000) / 1_000)));
  }
  if (error.code === "unauthenticated") headers["www-authenticate"] = challenge(error);
  if (error.code === "forbidden" && typeof error.details.scope === "string") {
    headers["www-authenticate"] = `Bearer error="insufficient_scope", scope="${error.details.scope}"`;
  }
  return {
    headers,
    problem: {
      // Extensions first: a fact must never take the place of a member that the standard names.
      ...error.details,
      type: `${options.linkBase}/docs#${error.code}`,
      title,
      status,
      detail: error.message,
      instance: options.instance,
      code: error.code,
      traceId: options.traceId,
      ...(error.faults.length === 0 ? {} : { errors: error.faults }),
    },
  };
}

function challenge(error: AppError): string {
  return error.details.presented === true ? 'Bearer error="invalid_token"' : "Bearer";
}

function internalMessage(requestId: string): string {
  return `Something went wrong on our side. The log of the server names it by the request ${requestId}.`;
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
  if (!(thrown instanceof Error)) return undefined;
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
