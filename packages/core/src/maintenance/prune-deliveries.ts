// Erases deliveries, with their bodies, that were finished long ago. They outlive their jobs: whoever missed one looks here.
import type { Clock } from "../clock.js";
import type { DeliveryStore } from "../store/delivery-store.js";
import type { Chore } from "./chore.js";

/** Small pieces: between two of them other writes come through. */
const BATCH = 100;
const EVERY_MS = 60_000;

export function createPruneDeliveries({
  deliveries,
  clock,
  retentionMs,
}: {
  deliveries: DeliveryStore;
  clock: Clock;
  retentionMs: number;
}): Chore {
  return {
    name: "prune-deliveries",
    everyMs: EVERY_MS,
    async runOnce(now = clock.now()) {
      const finishedBefore = now - retentionMs;
      while ((await deliveries.prune({ finishedBefore, limit: BATCH })) === BATCH);
      return undefined;
    },
  };
}
