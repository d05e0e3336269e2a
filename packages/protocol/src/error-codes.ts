// Every way a request can be refused: one table for HTTP, gRPC and the client.

export interface ErrorCodeFacts {
  /** HTTP status of the problem document. */
  readonly httpStatus: number;
  /** Name of the gRPC status. */
  readonly grpcStatus: string;
  /** Short, stable title of the problem type. */
  readonly title: string;
  /** Whether the same request may succeed later, unchanged. */
  readonly retry: "no" | "maybe" | "after";
}

const facts = (
  httpStatus: number,
  grpcStatus: string,
  title: string,
  retry: ErrorCodeFacts["retry"] = "no",
): ErrorCodeFacts => ({ httpStatus, grpcStatus, title, retry });

export const ERROR_CODES = {
  invalid_request: facts(400, "INVALID_ARGUMENT", "The request cannot be read"),
  idempotency_key_missing: facts(400, "INVALID_ARGUMENT", "An idempotency key is required"),
  unauthenticated: facts(401, "UNAUTHENTICATED", "Credentials are missing or not valid"),
  forbidden: facts(403, "PERMISSION_DENIED", "The credentials do not allow this"),
  not_found: facts(404, "NOT_FOUND", "There is nothing here"),
  job_not_found: facts(404, "NOT_FOUND", "There is no such job"),
  file_not_found: facts(404, "NOT_FOUND", "There is no such file"),
  method_not_allowed: facts(405, "UNIMPLEMENTED", "The method is not allowed here"),
  job_not_finished: facts(409, "FAILED_PRECONDITION", "The job has not finished"),
  job_already_finished: facts(409, "FAILED_PRECONDITION", "The job has already finished"),
  job_failed: facts(409, "FAILED_PRECONDITION", "The job failed"),
  job_cancelled: facts(409, "FAILED_PRECONDITION", "The job was cancelled"),
  conflict: facts(409, "FAILED_PRECONDITION", "The request conflicts with the present state"),
  job_purged: facts(410, "NOT_FOUND", "The job has been purged"),
  payload_too_large: facts(413, "RESOURCE_EXHAUSTED", "The payload is too large"),
  unsupported_media_type: facts(415, "INVALID_ARGUMENT", "The media type is not supported"),
  invalid_parameters: facts(422, "INVALID_ARGUMENT", "The parameters are not valid"),
  unknown_job_type: facts(422, "INVALID_ARGUMENT", "There is no such job type"),
  idempotency_key_reused: facts(422, "INVALID_ARGUMENT", "The idempotency key belongs to another request"),
  rate_limited: facts(429, "RESOURCE_EXHAUSTED", "Too many requests", "after"),
  queue_full: facts(429, "RESOURCE_EXHAUSTED", "The queue is full", "after"),
  quota_exceeded: facts(429, "RESOURCE_EXHAUSTED", "The quota is used up", "after"),
  internal: facts(500, "INTERNAL", "Something went wrong on our side", "maybe"),
  store_unavailable: facts(503, "UNAVAILABLE", "The store is not available", "after"),
  shutting_down: facts(503, "UNAVAILABLE", "The server is shutting down", "after"),
} as const satisfies Record<string, ErrorCodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(ERROR_CODES, value);
}

/** One fault in a document that a caller sent. */
export interface Fault {
  /** JSON Pointer fragment, for instance `#/parameters/steps`. */
  pointer: string;
  detail: string;
}

/** RFC 9457 problem details, as every refused request gets them. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ErrorCode;
  traceId: string;
  errors?: readonly Fault[];
  [extension: string]: unknown;
}
