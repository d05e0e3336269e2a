// Bodies of JSON: bytes to a value, refusing what would hurt further in.
import { isUtf8 } from "node:buffer";
import { AppError } from "@meanwhile/core";
import { LIMITS } from "@meanwhile/protocol";

/** @throws AppError `invalid_request` for broken UTF-8 or JSON, too deep nesting, or a member `__proto__`. */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) throw unreadable("The body is empty. Send a JSON document.");
  if (!isUtf8(bytes)) throw unreadable("The body is not UTF-8 text.");
  requireShallow(bytes);
  const text = bytes.toString("utf8");
  const value = parse(text);
  // Only a text that spells it, plainly or with escapes, can hold it: nearly none does.
  if ((text.includes("__proto__") || text.includes("\\u005")) && hasProto(value)) {
    throw unreadable('The body holds a member named "__proto__", which is refused.');
  }
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(`The body is not JSON: ${shortReason(error as Error)}`);
  }
}

/** The parser's reason without the excerpt of the document that it may hold. */
function shortReason(error: Error): string {
  const at = /position (\d+)/.exec(error.message);
  return at === null ? "it ends too early or holds something else." : `it breaks off at position ${at[1]}.`;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Counts brackets outside of strings, before anything recurses into the document. */
function requireShallow(bytes: Buffer): void {
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (quoted) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      if (++depth > LIMITS.jsonDepth) {
        throw unreadable(`The body is nested deeper than ${LIMITS.jsonDepth} levels.`);
      }
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth--;
  }
}

function hasProto(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasProto);
  if (typeof value !== "object" || value === null) return false;
  return Object.keys(value).some((name) => name === "__proto__" || hasProto((value as Record<string, unknown>)[name]));
}

function unreadable(message: string): AppError {
  return new AppError("invalid_request", { message });
}
