// What this channel itself refuses; the rest is refused by the engine.
import { AppError } from "@meanwhile/core";

/** @param member The field at fault, in camel case as in the pointers of every channel. */
export function badRequest(member: string, detail: string): AppError {
  return new AppError("invalid_request", { message: detail, faults: [{ pointer: `#/${member}`, detail }] });
}

export function shuttingDown(): AppError {
  return new AppError("shutting_down", {
    message: "The server is shutting down. Call again in a moment; a watch continues behind the last seq.",
    retryAfterMs: 2_000,
  });
}

export function credentialEnded(): AppError {
  return new AppError("unauthenticated", {
    message:
      "The credentials have expired or were revoked. Call again with others; a watch continues behind the last seq.",
  });
}

export function tooManyWatches(limit: number): AppError {
  return new AppError("rate_limited", {
    message: `There are ${limit} watches of this owner already. End some, or raise streamsPerOwner.`,
    details: { limit },
    retryAfterMs: 1_000,
  });
}
