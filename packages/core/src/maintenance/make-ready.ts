// Makes delayed jobs ready when their time has come: submits for later, and retries.
import type { Wakeups } from "../event/wakeups.js";
import type { Store } from "../store/store.js";
import type { Chore } from "./chore.js";

/** Jobs per statement: a larger herd is made ready in several, so that no write is long. */
const BATCH = 500;

/** The chore is armed for every delayed job of this process; this is for those of other processes. */
const EVERY_MS = 1_000;

export function createMakeReady({ store, wakeups }: { store: Store; wakeups: Wakeups }): Chore {
  return {
    name: "make-ready",
    everyMs: EVERY_MS,
    async runOnce(now) {
      for (;;) {
        const { types, count, nextRunAt } = await store.jobs.makeReady({
          limit: BATCH,
          ...(now === undefined ? {} : { now }),
        });
        for (const type of types) wakeups.workAppeared(type);
        if (count < BATCH) return nextRunAt ?? undefined;
      }
    },
  };
}
