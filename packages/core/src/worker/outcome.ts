// How one attempt ended: the handler's return, throw or silence as data.
import { findUnstorableText, type JobError, LIMITS } from "@meanwhile/protocol";
import { type Validation, validate } from "../definition/catalog.js";
import type { AnyJobDefinition } from "../definition/define-job.js";
import { type AbortReason, NonRetryableError, RetryAfterError, RetryableError } from "../definition/handler-errors.js";
import { jsonTextPayload, type Payload } from "../job/payload.js";
import { shortText } from "../storable-text.js";

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
    const error = shownError(cause);
    return { kind: "failed", error, retry: { afterMs: Math.min(Math.round(cause.afterMs), LIMITS.durationMs) }, cause };
  }
  return { kind: "failed", error: { code: "handler_error", message: HIDDEN_MESSAGE }, retry: "backoff", cause };
}

/** Longer ones belong in the job's log. */
const LONGEST_MESSAGE = 2_000;

function shownError({ code, message, details }: { code: string; message: string; details?: unknown }): JobError {
  const shown = { code: shortText(String(code), 100), message: shortText(String(message), LONGEST_MESSAGE) };
  return details === undefined ? shown : { ...shown, details: shownDetails(details) };
}

function shownDetails(details: unknown): unknown {
  let json: string;
  try {
    json = JSON.stringify(details) ?? "null";
  } catch {
    // A cycle or a BigInt: the code and the message still say what happened.
    return null;
  }
  const isSmall = Buffer.byteLength(json) <= LIMITS.errorDetailsBytes;
  const shown: unknown = isSmall ? JSON.parse(json) : undefined;
  if (isSmall && !(json.includes("\\u") && findUnstorableText(shown) !== undefined)) return shown;
  return { note: `The details were left out: ${isSmall ? "text with NUL or a lone surrogate" : "too large"}.` };
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
  return { kind: "failed", error: shownError({ code: "invalid_result", message }), retry: "never" };
}
