// What the engine answers when it will not do what was asked: code, sentence, advice.
import type { Fault } from "@meanwhile/protocol";
import { AppError, TransactionError } from "../errors.js";
import type { Job, JobId } from "../job/job.js";

export function invalidParameters(faults: readonly Fault[]): AppError {
  const first = faults[0]!;
  return new AppError("invalid_parameters", { message: `${first.pointer}: ${first.detail}`, faults });
}

/** So many names are a help; more are a page to search. */
const NAMED_TYPES = 12;

export function unknownType(type: string, { pointer, types }: { pointer: string; types: readonly string[] }): AppError {
  const more = types.length > NAMED_TYPES ? `, and ${types.length - NAMED_TYPES} more` : "";
  return new AppError("unknown_job_type", {
    message: `There is no job type "${type}" here. There are: ${types.slice(0, NAMED_TYPES).join(", ")}${more}.`,
    details: { type },
    faults: [{ pointer, detail: "Not a registered job type." }],
  });
}

export function missingScope(scope: string): AppError {
  return new AppError("forbidden", { message: `The credentials lack the scope ${scope}.`, details: { scope } });
}

export function keyMissing(type: string): AppError {
  return new AppError("idempotency_key_missing", {
    message: `Jobs of the type "${type}" need the header Idempotency-Key. Send a value of your own that names this request, for instance a UUID.`,
  });
}

export function keyUnfit(detail: string): AppError {
  return new AppError("invalid_request", { message: `The idempotency key cannot be used. ${detail}` });
}

export function keyReused(key: string, jobId: JobId): AppError {
  return new AppError("idempotency_key_reused", {
    message: `The idempotency key "${key}" was used with a different request. Send a new key, or the first request again.`,
    details: { key, jobId },
  });
}

export function jobNotFound(jobId: JobId): AppError {
  return new AppError("job_not_found", { message: "There is no such job.", details: { jobId } });
}

export function jobPurged(jobId: JobId): AppError {
  return new AppError("job_purged", { message: "The job has been purged; nothing of it is kept.", details: { jobId } });
}

export function notFinished(job: Job, advice: string): AppError {
  return new AppError("job_not_finished", {
    message: `The job is ${job.status}. ${advice}`,
    details: { jobId: job.id, jobStatus: job.status },
  });
}

export function alreadyFinished(job: Job): AppError {
  return new AppError("job_already_finished", {
    message: `The job is ${job.status}; there is nothing left to cancel.`,
    details: { jobId: job.id, jobStatus: job.status },
  });
}

export function cannotJoin(storeName: string): TransactionError {
  return new TransactionError(
    "unsupported",
    `The store ${storeName} cannot join a transaction of yours: only PostgreSQL can. Commit first and submit then, with an idempotency key ` +
      "made from your row, so that it can be repeated after a crash; or let the job itself write the row, with context.commit.",
  );
}

export function shuttingDown(): AppError {
  return new AppError("shutting_down", {
    message: "The server is shutting down and takes no new jobs. Try again in a moment.",
    retryAfterMs: 2_000,
  });
}
