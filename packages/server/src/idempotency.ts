// The Idempotency-Key header of a request.
import { AppError } from "@meanwhile/core";
import { parseIdempotencyKey } from "@meanwhile/protocol";
import type { FastifyRequest } from "fastify";

/** @throws AppError `invalid_request` for an empty, longer or unprintable key, and for two of them. */
export function idempotencyKeyOf(request: FastifyRequest): { idempotencyKey: string } | undefined {
  const header = request.raw.headers["idempotency-key"] as string | undefined;
  if (header === undefined) return undefined;
  // Node joins repeated headers with commas, which a bare key may hold as well.
  const repeated = request.raw.rawHeaders.filter((name) => name.toLowerCase() === "idempotency-key").length > 1;
  if (repeated) throw badKey("The header is given more than once.");
  const reading = parseIdempotencyKey(header);
  if (!reading.ok) throw badKey(reading.detail);
  return { idempotencyKey: reading.key };
}

function badKey(detail: string): AppError {
  return new AppError("invalid_request", { message: `Idempotency-Key: ${detail}` });
}
