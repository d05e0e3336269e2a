// How long to wait before asking again: full jitter, and never less than the server asks for.
import type { RetryOptions } from "../options.js";

/**
 * @param attempt How many have failed, from 1.
 * @param random  In [0, 1).
 */
export function backoffMs(
  attempt: number,
  { initialDelayMs, maxDelayMs }: Required<Pick<RetryOptions, "initialDelayMs" | "maxDelayMs">>,
  { random = Math.random, retryAfterMs = 0 }: { random?: () => number; retryAfterMs?: number | undefined } = {},
): number {
  const ceiling = Math.min(maxDelayMs, initialDelayMs * 2 ** (attempt - 1));
  // On top of what the server asks for, too: else everybody whom it sent away comes back in the same instant.
  return retryAfterMs + random() * ceiling;
}

/** Milliseconds of a Retry-After: whole seconds or an HTTP date; `undefined` where there is none or it cannot be read. */
export function retryAfterMsOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
