// Payloads in two columns: what they are, and their text or bytes.
import type { Payload } from "@meanwhile/core";
import type { SqlValue } from "./driver/driver.js";

/** Whether the payload is JSON text as it stands. */
export function isPlainText({ encoding, keyId, body }: Payload): boolean {
  return encoding === "json" && keyId === null && typeof body === "string";
}

/** `null` is plain JSON, what nearly every payload is; `encoding` or `encoding:keyId` names anything else. */
export function payloadFormat(payload: Payload): string | null {
  if (isPlainText(payload)) return null;
  const { encoding, keyId } = payload;
  if (encoding.includes(":"))
    throw new TypeError(`The encoding of a payload is "${encoding}"; it must not contain ":".`);
  return keyId === null ? encoding : `${encoding}:${keyId}`;
}

export function toPayload(body: SqlValue, format: string | null): Payload {
  if (format === null) return { encoding: "json", keyId: null, body: body as string };
  const colon = format.indexOf(":");
  return {
    encoding: colon === -1 ? format : format.slice(0, colon),
    keyId: colon === -1 ? null : format.slice(colon + 1),
    body: typeof body === "string" ? body : toBytes(body as Uint8Array),
  };
}

/** A Buffer compares and prints differently from the plain bytes that core promises. */
function toBytes(bytes: Uint8Array): Uint8Array {
  return Buffer.isBuffer(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes;
}
