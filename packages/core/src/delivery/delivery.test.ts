// The state table of a delivery, the waits between its attempts, and when an endpoint counts as dead.
import { describe, expect, it } from "vitest";
import { sent } from "../testing/scripted-channel.js";
import { afterAttempt, type DeliveryState, isDead, isSendable, retryWaitMs, stopped } from "./delivery.js";
import { resolveDeliveryOptions } from "./options.js";

const NOW = 1_800_000_000_000;
const fresh: DeliveryState = {
  id: "d",
  leaseToken: "t",
  status: "PENDING",
  attemptCount: 0,
  roundAttempts: 0,
  attempts: [],
};
const facts = { startedAt: NOW - 5, now: NOW, scheduleMs: [1_000, 4_000], random: 0.5 };

describe("one attempt", () => {
  it("that is accepted erases what nobody will ask for", () => {
    const erasing = { ...facts, erasesDelivered: true };

    expect(afterAttempt(fresh, { ...erasing, sent: sent("accepted") })).toMatchObject({ erases: true });
    expect(afterAttempt(fresh, { ...erasing, sent: sent("failed") })).toMatchObject({ erases: false });
    expect(afterAttempt(fresh, { ...erasing, sent: sent("refused") })).toMatchObject({ erases: false });
  });

  it("that is accepted delivers", () => {
    expect(afterAttempt(fresh, { ...facts, sent: sent("accepted") })).toEqual({
      deliveryId: "d",
      leaseToken: "t",
      status: "DELIVERED",
      nextAttemptAt: null,
      at: NOW,
      attemptCount: 1,
      roundAttempts: 1,
      attempts: [{ at: NOW - 5, statusCode: 204, durationMs: 5, error: null, responseHead: null }],
      endpointHealth: "answered",
      erases: false,
    });
  });

  it.each([
    { roundAttempts: 0, status: "RETRY_PENDING", nextAttemptAt: NOW + 1_000 },
    { roundAttempts: 1, status: "RETRY_PENDING", nextAttemptAt: NOW + 4_000 },
    { roundAttempts: 2, status: "EXHAUSTED", nextAttemptAt: null },
  ])("that fails behind $roundAttempts others leaves it $status", ({ roundAttempts, ...expected }) => {
    const settled = afterAttempt({ ...fresh, roundAttempts }, { ...facts, sent: sent("failed") });

    expect(settled).toMatchObject({ ...expected, endpointHealth: "failed" });
  });

  it("that is told 410 stops, and says that somebody answered", () => {
    const settled = afterAttempt(fresh, { ...facts, sent: sent("gone") });

    expect(settled).toMatchObject({ status: "STOPPED", endpointHealth: "answered" });
  });

  it("that may not be made stops: trying again would not help", () => {
    const settled = afterAttempt(fresh, { ...facts, sent: sent("refused") });

    expect(settled).toMatchObject({ status: "STOPPED", nextAttemptAt: null, endpointHealth: "failed" });
  });

  it("counts from the beginning of the schedule where it was queued again", () => {
    const again = { ...fresh, attemptCount: 9, roundAttempts: 0 };

    expect(afterAttempt(again, { ...facts, sent: sent("failed") })).toMatchObject({
      status: "RETRY_PENDING",
      attemptCount: 10,
    });
  });

  it("is kept with the nine before it, each with at most a KiB of the answer", () => {
    const before = Array.from({ length: 10 }, (_, at) => ({ ...sent("failed"), at }));
    const answer = sent("failed", { responseHead: "x".repeat(2_000) });

    const { attempts } = afterAttempt({ ...fresh, attempts: before }, { ...facts, sent: answer });

    expect(attempts.map(({ at }) => at)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, NOW - 5]);
    expect(attempts.at(-1)?.responseHead).toHaveLength(1_024);
  });
});

describe("a wait", () => {
  it.each([
    { random: 0, waits: 900 },
    { random: 0.5, waits: 1_000 },
    { random: 0.999_999, waits: 1_100 },
  ])("of a second lasts $waits ms by chance $random", ({ random, waits }) => {
    expect(retryWaitMs(1_000, { random, retryAfterMs: null })).toBe(waits);
  });

  it.each([
    { retryAfterMs: 500, waits: 1_000 },
    { retryAfterMs: 1_700, waits: 1_700 },
    { retryAfterMs: 31_536_000_000, waits: 2_000 },
  ])("is $waits ms where the receiver asks for $retryAfterMs", ({ retryAfterMs, waits }) => {
    expect(retryWaitMs(1_000, { random: 0.5, retryAfterMs })).toBe(waits);
  });
});

describe("a delivery to an endpoint", () => {
  it("is sent only while the endpoint is there and enabled", () => {
    const secrets = ["whsec_"];

    expect(isSendable({ endpointId: null, endpoint: null })).toBe(true);
    expect(isSendable({ endpointId: "e", endpoint: { enabled: true, secrets } })).toBe(true);
    expect(isSendable({ endpointId: "e", endpoint: { enabled: false, secrets } })).toBe(false);
    expect(isSendable({ endpointId: "e", endpoint: null })).toBe(false);
  });

  it("that is not sent is stopped without an attempt", () => {
    expect(stopped(fresh, NOW)).toMatchObject({
      status: "STOPPED",
      attemptCount: 0,
      attempts: [],
      endpointHealth: null,
      erases: false,
    });
  });
});

describe("an endpoint is dead", () => {
  const options = resolveDeliveryOptions({ disableAfterMs: 1_000, disableAfterFailures: 3 });

  it("where it has failed for long enough and often enough, and not before", () => {
    const since = NOW - 1_000;

    expect(isDead({ since, count: 3 }, options, NOW)).toBe(true);
    expect(isDead({ since, count: 2 }, options, NOW)).toBe(false);
    expect(isDead({ since: since + 1, count: 9 }, options, NOW)).toBe(false);
    expect(isDead(null, options, NOW)).toBe(false);
  });
});

describe("the options of deliveries", () => {
  it("are those of the contract where nothing is said", () => {
    const { scheduleMs } = resolveDeliveryOptions();

    expect(scheduleMs).toEqual([5_000, 30_000, 120_000, 600_000, 3_600_000, 10_800_000, 28_800_000, 86_400_000]);
  });

  it.each([
    { options: { scheduleMs: [5, -1] }, named: "scheduleMs[1]" },
    { options: { scheduleMs: "5000" as never }, named: "scheduleMs must be a list" },
    { options: { sendTimeoutMs: 30_000, leaseMs: 59_999 }, named: "leaseMs" },
    { options: { perTargetConcurrency: 0 }, named: "perTargetConcurrency" },
  ])("are refused by name: $named", ({ options, named }) => {
    expect(() => resolveDeliveryOptions(options)).toThrow(named);
  });
});
