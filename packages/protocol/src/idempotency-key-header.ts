// The Idempotency-Key header: a structured-field string by the draft, a bare word from most clients; both mean the same.
import { explainIdempotencyKey } from "./submit-envelope.js";

export type IdempotencyKeyReading =
  | { readonly ok: true; readonly key: string }
  /** `detail` says what came and what would do. */
  | { readonly ok: false; readonly detail: string };

export function parseIdempotencyKey(header: string): IdempotencyKeyReading {
  const text = header.trim();
  const key = text.startsWith('"') ? unquote(text) : text;
  if (key === undefined) {
    return { ok: false, detail: 'Expected one key, either bare or as one quoted string such as "8e03978e-40d5".' };
  }
  const detail = explainIdempotencyKey(key);
  return detail === undefined ? { ok: true, key } : { ok: false, detail };
}

// One whole string of RFC 8941, section 3.3.3: only a quote and a backslash are escaped.
const QUOTED = /^"(?:[^"\\]|\\["\\])*"$/;

function unquote(text: string): string | undefined {
  return QUOTED.test(text) ? text.slice(1, -1).replace(/\\(["\\])/g, "$1") : undefined;
}
