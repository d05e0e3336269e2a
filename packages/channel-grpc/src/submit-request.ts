// A SubmitJobRequest as the envelope that the engine takes on every channel.
import { AppError, parseJsonDocument } from "@meanwhile/core";
import { explainIdempotencyKey, type SubmitEnvelope } from "@meanwhile/protocol";
import { present } from "./job-message.js";
import type { SubmitJobRequest } from "./messages.js";

/**
 * Only what was sent becomes a member: so the same request has the same fingerprint as over HTTP.
 *
 * @throws AppError `invalid_request` where `parameters_json` is not JSON.
 */
export function readEnvelope(request: SubmitJobRequest): SubmitEnvelope {
  const rest = present({
    type: request.type ?? "",
    priority: request.priority,
    runAt: request.run_at,
    delayMs: request.delay_ms,
    startWithinMs: request.start_within_ms,
    completeWithinMs: request.complete_within_ms,
    timeoutMs: request.timeout_ms,
    retentionMs: request.retention_ms,
    callbackId: request.callback_id,
    tags: request.tags.length === 0 ? undefined : request.tags,
    concurrencyKey: request.concurrency_key,
  });
  return { ...rest, ...readParameters(request.parameters_json) };
}

/** @throws AppError `invalid_request` for an empty, longer or unprintable key. */
export function readIdempotencyKey({ idempotency_key: key }: SubmitJobRequest): { idempotencyKey: string } | undefined {
  if (key === undefined) return undefined;
  const fault = explainIdempotencyKey(key);
  if (fault === undefined) return { idempotencyKey: key };
  throw new AppError("invalid_request", {
    message: `idempotency_key: ${fault}`,
    faults: [{ pointer: "#/idempotencyKey", detail: fault }],
  });
}

function readParameters(json: string | undefined): { parameters: unknown } | undefined {
  // What proto3 cannot tell from "not given" is taken as that: empty text is no JSON document anyway.
  if (json === undefined || json === "") return undefined;
  try {
    return { parameters: parseJsonDocument(json, "parameters_json") };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const faults = [{ pointer: "#/parameters", detail: error.message }];
    throw new AppError(error.code, { message: error.message, faults });
  }
}
