// How one attempt ended: the handler's return, throw or silence as data.
import { findUnstorableText, type JobError, LIMITS } from "@meanwhile/protocol";
import { type Validation, validate } from "../definition/catalog.js";
import type { AnyJobDefinition } from "../definition/define-job.js";
import { type AbortReason, NonRetryableError, RetryAfterError, RetryableError } from "../definition/handler-errors.js";
import { jsonTextPayload, type Payload } from "../job/payload.js";

export type Outcome =
  | { readonly kind: "completed"; readonly result: Payload }
  | { readonly kind: "failed"; readonly error: JobError; readonly retry: Retry; readonly cause?: unknown }
  | { readonly kind: "aborted"; readonly reason: AbortReason };

/** `backoff`: after the wait that the type's policy gives. */
export type Retry = "never" | "backoff" | { readonly afterMs: number };

/** What callers are told where the handler threw an error without a code: its text may hold anything. */
const HIDDEN_MESSAGE = "The job failed.";

export function outcomeOfError(cause: unknown): Outcome {
  if (cause instanceof NonRetryableError) return { kind: "failed", error: shownError(cause), retry: "never", cause };
  if (cause instanceof RetryableError) return { kind: "failed", error: shownError(cause), retry: "backoff", cause };
  if (cause instanceof RetryAfterError) {
    const error = { code: cause.code, message: cause.message };
    return { kind: "failed", error, retry: { afterMs: Math.min(Math.round(cause.afterMs), LIMITS.durationMs) }, cause };
  }
  return { kind: "failed", error: { code: "handler_error", message: HIDDEN_MESSAGE }, retry: "backoff", cause };
}

function shownError({ code, message, details }: NonRetryableError | RetryableError): JobError {
  return details === undefined ? { code, message } : { code, message, details: jsonOrNothing(details) };
}

function jsonOrNothing(details: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(details) ?? "null");
  } catch {
    // A cycle or a BigInt: the code and the message still say what happened.
    return null;
  }
}

/** Checks what the handler returned and makes the text to store of it. Synchronous where the schema is. */
export function outcomeOfResult(definition: AnyJobDefinition, returned: unknown): Outcome | Promise<Outcome> {
  if (definition.result === undefined) return storable(returned);
  const checked = validate(definition.result, returned, "#");
  return checked instanceof Promise ? checked.then(judge) : judge(checked);
}

function judge(checked: Validation): Outcome {
  if (checked.ok) return storable(checked.value);
  const message = `The result does not fit its schema: ${checked.faults.map((fault) => `${fault.pointer} ${fault.detail}`).join("; ")}`;
  return invalidResult(message);
}

function storable(value: unknown): Outcome {
  let text: string;
  try {
    text = JSON.stringify(value) ?? "null";
  } catch (cause) {
    return invalidResult(`The result has no JSON form: ${(cause as Error).message}`);
  }
  if (text.length > LIMITS.resultBytes || Buffer.byteLength(text) > LIMITS.resultBytes) {
    const message = `The result is larger than ${LIMITS.resultBytes} bytes. Save large results as a file and return its id.`;
    return { kind: "failed", error: { code: "result_too_large", message }, retry: "never" };
  }
  if (text.includes("\\u") && findUnstorableText(value) !== undefined) {
    return invalidResult("The result has text with NUL or a lone surrogate.");
  }
  return { kind: "completed", result: jsonTextPayload(text) };
}

function invalidResult(message: string): Outcome {
  return { kind: "failed", error: { code: "invalid_result", message }, retry: "never" };
}
