// A message of the submit queue as what the engine takes. Pure.
import { AppError, type Origin, parseJsonDocument } from "@meanwhile/core";
import { explainIdempotencyKey, LIMITS, parseTraceContext } from "@meanwhile/protocol";
import type { ConsumeMessage } from "amqplib";

export type SubmitReading =
  | { readonly outcome: "submit"; readonly envelope: unknown; readonly idempotencyKey: string | undefined }
  /** Nobody can make anything of it; `reason` is for the person who finds it. */
  | { readonly outcome: "unreadable"; readonly reason: string };

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws AppError where the message could be read, but is refused: its key or its size does not do. */
export function readSubmit({ content, properties }: Pick<ConsumeMessage, "content" | "properties">): SubmitReading {
  const { messageId, contentEncoding } = properties;
  if (contentEncoding !== undefined && !["", "utf-8", "identity"].includes(String(contentEncoding).toLowerCase())) {
    return unreadable(`Its content_encoding is ${JSON.stringify(contentEncoding)}; send plain JSON in UTF-8.`);
  }
  if (content.byteLength > LIMITS.bodyBytes) {
    const message = `The body has ${content.byteLength} bytes, and at most ${LIMITS.bodyBytes} are taken. Upload what is large as a file, and name it.`;
    throw new AppError("payload_too_large", { message });
  }
  let envelope: unknown;
  try {
    envelope = parseJsonDocument(utf8.decode(content), "The body");
  } catch (error) {
    return unreadable(error instanceof AppError ? error.message : "The body is not text in UTF-8.");
  }
  return { outcome: "submit", envelope, idempotencyKey: readKey(messageId) };
}

/** Where the submit came from, as far as its headers say. */
export function originOf({ properties }: Pick<ConsumeMessage, "properties">, requestId: string): Origin {
  const { traceparent, tracestate } = (properties.headers ?? {}) as Record<string, unknown>;
  const trace = parseTraceContext(textOf(traceparent), textOf(tracestate));
  if (trace === undefined) return { requestId };
  const { traceparent: parent, tracestate: state } = trace;
  return state === undefined
    ? { requestId, traceparent: parent }
    : { requestId, traceparent: parent, tracestate: state };
}

/** How often the broker has delivered it before; 0 where it does not say. */
export function deliveriesBefore({ properties }: Pick<ConsumeMessage, "properties">): number {
  const count = properties.headers?.["x-delivery-count"] as unknown;
  return typeof count === "number" ? count : 0;
}

function readKey(messageId: unknown): string | undefined {
  if (messageId === undefined) return undefined;
  const key = String(messageId);
  const fault = explainIdempotencyKey(key);
  if (fault === undefined) return key;
  throw new AppError("invalid_request", { message: `message_id is the idempotency key. ${fault}` });
}

function unreadable(reason: string): SubmitReading {
  return { outcome: "unreadable", reason };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
