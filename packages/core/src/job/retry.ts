// How long a job waits before its next attempt.

export interface RetryOptions {
  /** Attempts in all, the first included; at least 1. Default: 3. */
  maxAttempts?: number;
  /** Ceiling of the first wait, in milliseconds. Default: 1 000. */
  initialDelayMs?: number;
  /** By how much the ceiling grows with each further attempt; at least 1. Default: 2. */
  factor?: number;
  /** The ceiling never exceeds this, in milliseconds. Default: 600 000 (ten minutes). */
  maxDelayMs?: number;
  /**
   * `full` draws the wait evenly between 0 and the ceiling, which spreads a herd best; `none` waits the ceiling itself.
   * Default: `full`.
   */
  jitter?: "full" | "none";
}

export type RetryPolicy = Required<RetryOptions>;

export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  maxAttempts: 3,
  initialDelayMs: 1_000,
  factor: 2,
  maxDelayMs: 600_000,
  jitter: "full",
};

/**
 * Exponential backoff with full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 *
 * @param failedAttempt The attempt that failed, counted from 1.
 * @param random        A number in [0, 1).
 * @returns milliseconds, a whole number.
 */
export function backoffMs(
  policy: RetryPolicy,
  { failedAttempt, random }: { failedAttempt: number; random: number },
): number {
  // Kept finite: no wait at all, grown without end, is still no wait.
  const growth = Math.min(policy.factor ** (failedAttempt - 1), Number.MAX_VALUE);
  const ceiling = Math.min(policy.maxDelayMs, policy.initialDelayMs * growth);
  return Math.floor(policy.jitter === "full" ? ceiling * random : ceiling);
}
