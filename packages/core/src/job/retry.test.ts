// The wait before the next attempt.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs, DEFAULT_RETRY_POLICY, type RetryPolicy } from "./retry.js";

const fixed: RetryPolicy = { maxAttempts: 9, initialDelayMs: 100, factor: 3, maxDelayMs: 2_000, jitter: "none" };

describe("backoffMs", () => {
  it("grows by the factor with each failed attempt, up to the ceiling", () => {
    const waits = [1, 2, 3, 4, 5].map((failedAttempt) => backoffMs(fixed, { failedAttempt, random: 0 }));

    expect(waits).toEqual([100, 300, 900, 2_000, 2_000]);
  });

  it("stays at its first wait with a factor of 1", () => {
    expect(backoffMs({ ...fixed, factor: 1 }, { failedAttempt: 50, random: 0 })).toBe(100);
  });

  it("is drawn evenly below the ceiling with full jitter", () => {
    const jittered: RetryPolicy = { ...fixed, jitter: "full" };

    expect(backoffMs(jittered, { failedAttempt: 2, random: 0 })).toBe(0);
    expect(backoffMs(jittered, { failedAttempt: 2, random: 0.5 })).toBe(150);
    expect(backoffMs(jittered, { failedAttempt: 2, random: 0.999_999 })).toBe(299);
  });

  it("does not wait at all where the first wait is 0", () => {
    expect(backoffMs({ ...fixed, initialDelayMs: 0 }, { failedAttempt: 3, random: 0.9 })).toBe(0);
  });

  it("is a whole number between 0 and the ceiling for any policy and attempt", () => {
    const policy = fc.record({
      maxAttempts: fc.constant(10_000),
      initialDelayMs: fc.nat({ max: 3_600_000 }),
      factor: fc.double({ min: 1, max: 100, noNaN: true }),
      maxDelayMs: fc.nat({ max: 86_400_000 }),
      jitter: fc.constantFrom("full" as const, "none" as const),
    });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(policy, fc.integer({ min: 1, max: 10_000 }), random, (policy, failedAttempt, random) => {
        const wait = backoffMs(policy, { failedAttempt, random });

        expect(Number.isSafeInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(policy.maxDelayMs);
      }),
    );
  });

  it("is not NaN where no wait at all has grown without end", () => {
    expect(backoffMs({ ...fixed, initialDelayMs: 0 }, { failedAttempt: 9_999, random: 0 })).toBe(0);
  });

  it("has defaults that try three times, a second apart at first, never above ten minutes", () => {
    expect(DEFAULT_RETRY_POLICY).toEqual({
      maxAttempts: 3,
      initialDelayMs: 1_000,
      factor: 2,
      maxDelayMs: 600_000,
      jitter: "full",
    });
  });
});
