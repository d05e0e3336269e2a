// The delivery's own small state table: from what became of a sending to what the delivery becomes. Pure.
//
//   PENDING ------+--- accepted -----------------------> DELIVERED
//      |          |--- gone, refused, endpoint is away -> STOPPED
//      | failed   |--- failed, nothing left to wait ----> EXHAUSTED
//      v          |
//   RETRY_PENDING +      `requeue` brings any of the three back, with a whole schedule
import type { DeliveryStatus } from "@meanwhile/protocol";
import { assertNever } from "../assert-never.js";
import type { ClaimedDelivery, DeliverySettlement, EndpointFailures } from "../store/delivery-store.js";
import type { Sent } from "./channel.js";
import type { ResolvedDeliveryOptions } from "./options.js";
import type { DeliveryAttempt } from "./webhooks.js";

/** What is read of a delivery before it is sent, and decides on what follows. */
export type DeliveryState = Pick<
  ClaimedDelivery,
  "id" | "leaseToken" | "status" | "attemptCount" | "roundAttempts" | "attempts"
>;

export function isFinished(status: DeliveryStatus): boolean {
  return status === "DELIVERED" || status === "EXHAUSTED" || status === "STOPPED";
}

/** Whether a delivery may be sent at all: its endpoint may have gone since it was queued. */
export function isSendable({ endpointId, endpoint }: Pick<ClaimedDelivery, "endpointId" | "endpoint">): boolean {
  return endpointId === null || endpoint?.enabled === true;
}

/** What a delivery becomes whose endpoint is disabled or gone; nothing is sent. */
export function stopped(delivery: DeliveryState, now: number): DeliverySettlement {
  const { attemptCount, roundAttempts, attempts } = delivery;
  const unchanged = { attemptCount, roundAttempts, attempts };
  return { ...finished(delivery, "STOPPED", now), ...unchanged, endpointHealth: null, erases: false };
}

export interface AttemptFacts {
  readonly sent: Sent;
  readonly startedAt: number;
  readonly now: number;
  readonly scheduleMs: readonly number[];
  /** A number in [0, 1). */
  readonly random: number;
  /** Whether one that was delivered is erased at once: those of a feed would outnumber everything. Default: false. */
  readonly erasesDelivered?: boolean;
}

/** What a delivery becomes by one sending. */
export function afterAttempt(delivery: DeliveryState, facts: AttemptFacts): DeliverySettlement {
  const { sent, startedAt, now } = facts;
  const tried = {
    erases: sent.outcome === "accepted" && facts.erasesDelivered === true,
    attemptCount: delivery.attemptCount + 1,
    roundAttempts: delivery.roundAttempts + 1,
    attempts: [...delivery.attempts, toAttempt(sent, startedAt)].slice(-KEPT_ATTEMPTS),
  };
  switch (sent.outcome) {
    case "accepted":
      return { ...finished(delivery, "DELIVERED", now), ...tried, endpointHealth: "answered" };
    case "gone":
      // It answered, and its endpoint is disabled for that alone.
      return { ...finished(delivery, "STOPPED", now), ...tried, endpointHealth: "answered" };
    case "refused":
      // However often one tried, it would not be sent.
      return { ...finished(delivery, "STOPPED", now), ...tried, endpointHealth: "failed" };
    case "failed":
      return { ...failed(delivery, facts), ...tried, endpointHealth: "failed" };
    default:
      return assertNever(sent.outcome);
  }
}

/** Enough to see a pattern; every one of them is kept in the row. */
const KEPT_ATTEMPTS = 10;

function failed(delivery: DeliveryState, { sent, now, scheduleMs, random }: AttemptFacts) {
  const plannedMs = scheduleMs[delivery.roundAttempts];
  if (plannedMs === undefined) return finished(delivery, "EXHAUSTED", now);
  const waitMs = retryWaitMs(plannedMs, { random, retryAfterMs: sent.retryAfterMs });
  return { ...lease(delivery), status: "RETRY_PENDING" as const, nextAttemptAt: now + waitMs, at: now };
}

/**
 * A planned wait, 10 % shorter or longer, so that what failed together is not tried together again. What the receiver asked for
 * may stretch it to twice its length and no further: nobody can park a delivery for a year.
 */
export function retryWaitMs(
  plannedMs: number,
  { random, retryAfterMs }: { random: number; retryAfterMs: number | null },
): number {
  const jittered = plannedMs * (0.9 + 0.2 * random);
  return Math.round(Math.min(Math.max(jittered, retryAfterMs ?? 0), 2 * plannedMs));
}

/** Whether an endpoint's failures are so many, over so long, that nobody will answer there any more. */
export function isDead(
  failing: EndpointFailures | null,
  { disableAfterMs, disableAfterFailures }: ResolvedDeliveryOptions,
  now: number,
): boolean {
  return failing !== null && failing.count >= disableAfterFailures && now - failing.since >= disableAfterMs;
}

function finished<S extends DeliveryStatus>(delivery: DeliveryState, status: S, now: number) {
  return { ...lease(delivery), status, nextAttemptAt: null, at: now };
}

function lease({ id, leaseToken }: DeliveryState) {
  return { deliveryId: id, leaseToken };
}

/** In characters: what a channel read is bounded by it already, but a row must not trust that. */
const RESPONSE_HEAD_CHARACTERS = 1_024;

function toAttempt({ statusCode, durationMs, error, responseHead }: Sent, at: number): DeliveryAttempt {
  return { at, statusCode, durationMs, error, responseHead: responseHead?.slice(0, RESPONSE_HEAD_CHARACTERS) ?? null };
}
