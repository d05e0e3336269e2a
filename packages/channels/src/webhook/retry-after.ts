// How long a receiver asks to be left alone: the Retry-After header of its answer.

/**
 * @param header Seconds, or an HTTP date; several are read as the first.
 * @returns milliseconds from `now`, at least 0; `null` where there is none or it cannot be read.
 */
export function parseRetryAfter(header: string | string[] | undefined, now: number): number | null {
  const text = (Array.isArray(header) ? header[0] : header)?.trim();
  if (text === undefined) return null;
  // However many digits: what is too long is clamped by whoever plans the next attempt.
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, Number.MAX_SAFE_INTEGER);
  const at = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

// The three forms of RFC 9110, section 5.6.7. `Date.parse` alone would read nearly anything as a date.
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [ \d]?\d?[- ]?[A-Za-z]{3}.*\d\d:\d\d:\d\d/;
