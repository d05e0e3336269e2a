// The Prefer header (RFC 7240): what a caller would like, never what it insists on.
import { LIMITS } from "./limits.js";

export interface Preferences {
  readonly respondAsync: boolean;
  /** How long the caller would like to wait, in whole seconds, at most 60; `undefined` where it does not say. */
  readonly waitSeconds: number | undefined;
}

export const NO_PREFERENCES: Preferences = { respondAsync: false, waitSeconds: undefined };

const LONGEST_WAIT_SECONDS = LIMITS.waitMs / 1_000;

/** Reads `respond-async` and `wait=N`; of a preference that comes twice the first counts, everything else is ignored. */
export function parsePrefer(header: string | undefined): Preferences {
  if (header === undefined) return NO_PREFERENCES;
  let respondAsync = false;
  let waitSeconds: number | undefined;
  let waitSeen = false;
  for (const preference of splitOutsideQuotes(header, ",")) {
    const [pair = ""] = splitOutsideQuotes(preference, ";");
    const equals = pair.indexOf("=");
    const name = (equals < 0 ? pair : pair.slice(0, equals)).trim().toLowerCase();
    if (name === "respond-async") respondAsync = true;
    if (name !== "wait" || waitSeen) continue;
    waitSeen = true;
    waitSeconds = parseSeconds(equals < 0 ? "" : unquote(pair.slice(equals + 1).trim()));
  }
  return { respondAsync, waitSeconds };
}

function parseSeconds(text: string): number | undefined {
  return /^\d+$/.test(text) ? Math.min(Number(text), LONGEST_WAIT_SECONDS) : undefined;
}

function unquote(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator);
  const pieces: string[] = [];
  let start = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === "\\" && quoted) index++;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      pieces.push(text.slice(start, index));
      start = index + 1;
    }
  }
  pieces.push(text.slice(start));
  return pieces;
}
