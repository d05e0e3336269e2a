// Opaque bytes of a caller or a handler: stored once, never looked into by a store.

/** A value as it is kept: plain JSON text, or bytes in some other encoding (sealed, compressed). */
export interface Payload {
  /** How `body` is to be read; `json` is UTF-8 JSON text. */
  readonly encoding: string;
  /** The key that sealed it; `null` where it is plain. */
  readonly keyId: string | null;
  /** Text where the encoding is `json`, bytes elsewhere. */
  readonly body: string | Uint8Array;
}

/** Wraps JSON text that was already made. */
export function jsonTextPayload(text: string): Payload {
  return { encoding: "json", keyId: null, body: text };
}

/** @throws TypeError where the value has no JSON form (a cycle, a BigInt). `undefined` becomes `null`. */
export function jsonPayload(value: unknown): Payload {
  return jsonTextPayload(JSON.stringify(value) ?? "null");
}

/** @throws TypeError where the payload is not plain JSON. */
export function readJsonPayload(payload: Payload): unknown {
  if (payload.encoding !== "json" || typeof payload.body !== "string") {
    throw new TypeError(`A payload in encoding "${payload.encoding}" cannot be read as plain JSON.`);
  }
  return JSON.parse(payload.body);
}
