// JSON that a caller sent, on whatever channel: text to a value, refusing what would hurt further in.
import { LIMITS } from "@meanwhile/protocol";
import { AppError } from "./errors.js";

/**
 * @param what The document as its sender knows it: `The body`. It begins the sentence of every refusal.
 * @throws AppError `invalid_request` for broken JSON, too deep nesting, or a member `__proto__`.
 */
export function parseJsonDocument(text: string, what: string): unknown {
  requireShallow(text, what);
  const value = parse(text, what);
  // Only a text that spells it, plainly or with escapes, can hold it: nearly none does.
  if ((text.includes("__proto__") || text.includes("\\u005")) && hasProto(value)) {
    throw unreadable(`${what} holds a member named "__proto__", which is refused.`);
  }
  return value;
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(`${what} is not JSON: ${shortReason(error as Error)}`);
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
function requireShallow(text: string, what: string): void {
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (quoted) {
      if (unit === BACKSLASH) index++;
      else if (unit === QUOTE) quoted = false;
    } else if (unit === QUOTE) quoted = true;
    else if (unit === OPEN_OBJECT || unit === OPEN_LIST) {
      if (++depth > LIMITS.jsonDepth) {
        throw unreadable(`${what} is nested deeper than ${LIMITS.jsonDepth} levels.`);
      }
    } else if (unit === CLOSE_OBJECT || unit === CLOSE_LIST) depth--;
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
