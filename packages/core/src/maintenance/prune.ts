// Erases what has been kept long enough: finished jobs, their tombstones, and files that no job names.

import type { Files } from "../files/files.js";
import { MIN_TOMBSTONE_MS } from "../retention.js";
import type { Store } from "../store/store.js";
import type { Chore } from "./chore.js";

/** Small pieces: between two of them other writes come through. */
const BATCH = 100;
const EVERY_MS = 10_000;

export function createPrune({ store, files }: { store: Store; files: Files }): Chore {
  return {
    name: "prune",
    everyMs: EVERY_MS,
    async runOnce(now) {
      const at = now === undefined ? {} : { now };
      for (;;) {
        const jobIds = await store.jobs.findPurgeable({ limit: BATCH, ...at });
        await store.jobs.purge(jobIds, { minTombstoneMs: MIN_TOMBSTONE_MS, ...at });
        if (jobIds.length < BATCH) break;
      }
      while ((await store.jobs.removeTombstones({ limit: BATCH, ...at })) === BATCH);
      for (;;) {
        const fileIds = await store.files.findExpired({ limit: BATCH, ...at });
        await files.eraseUnlinked(fileIds);
        if (fileIds.length < BATCH) return undefined;
      }
    },
  };
}
