// The dispatcher: claims due deliveries, has them sent, writes what became of them.
//
// 1. It looks when deliveries were queued here, when another process committed something, when the next one is due, when a
//    sending has ended, and rarely without any of these (invariant I5).
// 2. A claim leases (invariant I4) as many as there is room for, in all and at each receiver. What a process that died had
//    leased is due again when its lease ends: it may be sent twice (invariant I7).
// 3. What became of sendings is written many at a time; a slot is free again when that is committed.
// 4. Nothing is claimed for a channel that says that it is not available: a broker that is away uses up no attempts.
// 5. A store that is away is waited for with the outcome in hand: what was sent is not sent again for that.
import { createCoalescer } from "../batch/coalesce.js";
import type { Clock, Random } from "../clock.js";
import { isOutage } from "../errors.js";
import type { Wakeups } from "../event/wakeups.js";
import type { IdSource } from "../ids.js";
import { publish } from "../instrument.js";
import type { Logger } from "../logger.js";
import type { ClaimedDelivery, DeliverySettlement, DeliverySettleResult } from "../store/delivery-store.js";
import type { Store } from "../store/store.js";
import type { PushChannel } from "./channel.js";
import { isDead } from "./delivery.js";
import { disableEndpoint } from "./disable-endpoint.js";
import type { ResolvedDeliveryOptions } from "./options.js";
import { createReceivers } from "./receivers.js";
import { createOwnerSecrets } from "./secrets.js";
import { type SendingOutcome, sendDelivery } from "./sending.js";

export interface Dispatcher {
  start(): void;
  /** Sends nothing new, gives running sendings the grace, and hands the rest back. */
  stop(options: { graceMs: number }): Promise<void>;
}

export interface DispatcherDependencies {
  readonly store: Pick<Store, "deliveries" | "webhookEndpoints" | "secrets">;
  readonly pushChannels: readonly PushChannel[];
  readonly wakeups: Pick<Wakeups, "onForeignCommit">;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly logger: Logger;
}

/** Looks without any hint: rare, because hints nearly always come. */
const POLL_EVERY_MS = 5_000;
/** Clocks of one deployment are mostly closer than this. */
const PAUSE_MS = 20;
/** After a failure of the store. */
const RETRY_MS = 1_000;

interface Running {
  readonly delivery: ClaimedDelivery;
  readonly abort: AbortController;
}

export function createDispatcher(dependencies: DispatcherDependencies, options: ResolvedDeliveryOptions): Dispatcher {
  const { store, wakeups, clock, ids, logger, pushChannels } = dependencies;
  const channels = new Map(pushChannels.map((channel) => [channel.name, channel]));
  const owners = createOwnerSecrets({ secrets: store.secrets, ids });
  const receivers = createReceivers(options);
  const running = new Set<Running>();
  const settlements = createCoalescer<DeliverySettlement, DeliverySettleResult>({
    clock,
    run: (items) => store.deliveries.settle(items),
  });
  const stopWaiting = new AbortController();
  let unlisten: (() => void)[] = [];
  let started = false;
  let scheduled = false;
  let looking: Promise<void> | undefined;
  let lookAgain = false;
  let cancelTimer: (() => void) | undefined;
  let onIdle = () => {};

  const look = () => {
    if (!started || scheduled) return;
    scheduled = true;
    clock.nextTurn(() => {
      scheduled = false;
      lookAgain = true;
      looking ??= lookWhileHinted().finally(() => {
        looking = undefined;
      });
    });
  };

  const lookWhileHinted = async () => {
    try {
      while (lookAgain && started) {
        lookAgain = false;
        await lookOnce();
      }
    } catch (error) {
      logger.warn({ err: error }, "looking for due deliveries failed; it is tried again");
      armAt(clock.now() + RETRY_MS);
    }
  };

  const lookOnce = async () => {
    const room = options.concurrency - running.size;
    // Whoever ends first looks again; so does whoever becomes available.
    if (room <= 0) return;
    const available = pushChannels.filter(({ availability }) => availability?.isAvailable !== false);
    if (available.length === 0) return;
    const { leaseMs, perTargetConcurrency: perLane, perOwnerConcurrency: perOwner } = options;
    const leaseToken = ids.token();
    const { deliveries, nextDueAt } = await store.deliveries.claim({
      leaseToken,
      leaseMs,
      channels: available.map(({ name }) => name),
      limit: room,
      perLane,
      perOwner,
      ...receivers.rooms(),
    });
    if (!started) return store.deliveries.handBack(deliveries.map(toHeld));
    for (const delivery of deliveries) begin(delivery);
    if (deliveries.length > 0) lookAgain = true;
    armAt(nextDueAt ?? Number.POSITIVE_INFINITY);
  };

  const armAt = (instant: number) => {
    cancelTimer?.();
    const now = clock.now();
    const waitMs = Math.min(POLL_EVERY_MS, Math.max(PAUSE_MS, instant - now));
    cancelTimer = started ? clock.after(waitMs, look) : undefined;
  };

  const begin = (delivery: ClaimedDelivery) => {
    const entry: Running = { delivery, abort: new AbortController() };
    running.add(entry);
    receivers.begin(delivery);
    void run(entry).then((outcome) => {
      if (!running.delete(entry)) return;
      receivers.end(delivery, outcome);
      if (running.size === 0) onIdle();
      look();
    });
  };

  const run = async ({ delivery, abort }: Running): Promise<"answered" | "failed" | "unknown"> => {
    const outcome = await sendDelivery({ ...dependencies, channels, owners, options }, delivery, abort.signal);
    // It was handed back: whatever came of it is nobody's any more.
    if (abort.signal.aborted) return "unknown";
    try {
      await conclude(delivery, outcome, await settle(outcome.settlement));
    } catch (error) {
      logger.error({ err: error, deliveryId: delivery.id }, "what became of a delivery could not be written");
    }
    return outcome.sent === null || outcome.sent.outcome === "refused" ? "unknown" : healthOf(outcome.sent.outcome);
  };

  const settle = async (settlement: DeliverySettlement): Promise<DeliverySettleResult> => {
    for (;;) {
      try {
        return await settlements.add(settlement);
      } catch (error) {
        if (!isOutage(error) || stopWaiting.signal.aborted) throw error;
        await pause(clock, RETRY_MS, stopWaiting.signal);
      }
    }
  };

  const conclude = async (
    delivery: ClaimedDelivery,
    { settlement, sent }: SendingOutcome,
    result: DeliverySettleResult,
  ) => {
    const { id: deliveryId, channel, eventType, endpointId } = delivery;
    if (result.outcome === "lost") {
      logger.warn({ deliveryId, channel }, "a delivery lost its lease while it was sent; it may arrive twice");
      return;
    }
    const { status, attemptCount: attempt } = settlement;
    publish("meanwhile:delivery", () => ({
      deliveryId,
      channel,
      eventType,
      status,
      attempt,
      statusCode: sent?.statusCode ?? null,
      durationMs: sent?.durationMs ?? 0,
    }));
    if (status === "EXHAUSTED") logger.warn({ deliveryId, channel, endpointId }, "a delivery was given up");
    if (endpointId === null || sent === null) return;
    const reason = reasonToDisable(sent.outcome === "gone", result, settlement.at);
    if (reason !== undefined) await disableEndpoint({ store, clock, logger }, endpointId, reason);
  };

  const reasonToDisable = (gone: boolean, result: DeliverySettleResult, now: number): string | undefined => {
    if (gone) return "The receiver answered 410 Gone.";
    if (result.outcome === "lost" || !isDead(result.failing, options, now)) return undefined;
    const since = new Date(result.failing!.since).toISOString();
    return `Every one of the last ${result.failing!.count} sendings failed, since ${since}.`;
  };

  return {
    start() {
      if (started || channels.size === 0) return;
      started = true;
      const whenAvailable = pushChannels.flatMap(({ availability }) => availability?.onAvailable(look) ?? []);
      unlisten = [store.deliveries.onQueued(look), wakeups.onForeignCommit(look), ...whenAvailable];
      look();
    },
    async stop({ graceMs }) {
      started = false;
      cancelTimer?.();
      for (const end of unlisten) end();
      await looking;
      const grace = new AbortController();
      onIdle = () => grace.abort();
      if (running.size > 0) await pause(clock, graceMs, grace.signal);
      stopWaiting.abort();
      const rest = [...running];
      running.clear();
      for (const { abort } of rest) abort.abort();
      // What is being written is no longer ours to hand back; a lease that is gone is passed over.
      await settlements.idle();
      if (rest.length > 0) await store.deliveries.handBack(rest.map(({ delivery }) => toHeld(delivery)));
    },
  };
}

/** Resolves when the time is up, or the signal fires. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const cancel = clock.after(ms, resolve);
    signal.addEventListener(
      "abort",
      () => {
        cancel();
        resolve();
      },
      { once: true },
    );
  });
}

function toHeld({ id, leaseToken }: ClaimedDelivery) {
  return { deliveryId: id, leaseToken };
}

function healthOf(outcome: "accepted" | "gone" | "failed"): "answered" | "failed" {
  return outcome === "failed" ? "failed" : "answered";
}
