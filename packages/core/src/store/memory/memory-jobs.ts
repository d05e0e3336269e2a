// The jobs of the memory store: each method of the port and where its rule lives.
import { isLeased, isTerminal } from "@meanwhile/protocol";
import type { Clock } from "../../clock.js";
import type { JobStore, LeaseResult } from "../job-store.js";
import { claimJobs, countAhead } from "./memory-claim.js";
import { commitChanges } from "./memory-commit.js";
import { withDeliveries } from "./memory-delivery-queue.js";
import { findDue, makeReady } from "./memory-due.js";
import { insertGroup } from "./memory-insert.js";
import { listJobs } from "./memory-list.js";
import { withPlaces } from "./memory-places.js";
import { purgeJobs, removeTombstones } from "./memory-purge.js";
import { type MemoryTables, ownedKey } from "./memory-tables.js";

export function createMemoryJobs(tables: MemoryTables, clock: Clock): JobStore {
  return {
    insert: async (groups, { now = clock.now() } = {}) =>
      withDeliveries(tables, () => withPlaces(tables, () => groups.map((group) => insertGroup(tables, group, now)))),
    findKeyHolder: async (owner, key) => tables.idempotency.get(ownedKey(owner, key)),
    claim: async (request) =>
      withDeliveries(tables, () => claimJobs(tables, { ...request, now: request.now ?? clock.now() })),
    commit: async (changes, options) =>
      withDeliveries(tables, () => withPlaces(tables, () => commitChanges(tables, changes, options))),

    extendLeases: async (leases, { byMs, now = clock.now() }) =>
      leases.map(({ jobId, leaseToken }): LeaseResult => {
        const row = tables.jobs.get(jobId);
        const lease = row?.job.lease;
        if (row === undefined || lease?.token !== leaseToken) return { outcome: "lost" };
        row.job = { ...row.job, lease: { ...lease, expiresAt: now + byMs } };
        return { outcome: "extended", cancelRequestedBy: row.job.cancelRequestedBy };
      }),

    find: async (jobId) => tables.jobs.get(jobId)?.job,
    findTombstone: async (jobId) => tables.tombstones.get(jobId),
    list: async (query) => listJobs(tables, query),
    countAhead: async (jobId, { limit }) => countAhead(tables, jobId, limit),

    countWaiting: async (types, { limit }) => {
      const counts = new Map<string, number>();
      for (const { job } of tables.jobs.values()) {
        if (!types.includes(job.type) || isLeased(job.status) || isTerminal(job.status)) continue;
        counts.set(job.type, Math.min(limit, (counts.get(job.type) ?? 0) + 1));
      }
      return counts;
    },

    makeReady: async ({ limit, now = clock.now() }) => withPlaces(tables, () => makeReady(tables, { limit, now })),
    findDue: async (due, { limit, now = clock.now() }) => findDue(tables, due, { limit, now }),

    findPurgeable: async ({ limit, now = clock.now() }) =>
      [...tables.jobs.values()]
        .filter(({ job }) => job.purgeAt !== null && job.purgeAt <= now)
        .sort((a, b) => a.job.purgeAt! - b.job.purgeAt!)
        .slice(0, limit)
        .map(({ job }) => job.id),

    purge: async (jobIds, { minTombstoneMs, now = clock.now() }) => purgeJobs(tables, jobIds, { minTombstoneMs, now }),
    removeTombstones: async ({ limit, now = clock.now() }) => removeTombstones(tables, { limit, now }),
  };
}
