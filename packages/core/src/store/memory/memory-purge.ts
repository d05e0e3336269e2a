// Forgetting: finished jobs become tombstones, tombstones become nothing.
import { isTerminal } from "@meanwhile/protocol";
import type { JobId } from "../../job/job.js";
import type { MemoryTables } from "./memory-tables.js";

export function purgeJobs(
  tables: MemoryTables,
  jobIds: readonly JobId[],
  { minTombstoneMs, now }: { minTombstoneMs: number; now: number },
): readonly JobId[] {
  const purged = new Map<JobId, string>();
  for (const jobId of jobIds) {
    const job = tables.jobs.get(jobId)?.job;
    if (job === undefined || !isTerminal(job.status)) continue;
    const expiresAt = now + Math.max(job.retentionMs, minTombstoneMs);
    tables.tombstones.set(jobId, { jobId, owner: job.owner, purgedAt: now, expiresAt });
    tables.jobs.delete(jobId);
    purged.set(jobId, job.owner);
  }
  tables.log = tables.log.filter(({ event, position }) => {
    const owner = purged.get(event.jobId);
    if (owner !== undefined) tables.purged.set(owner, Math.max(position, tables.purged.get(owner) ?? 0));
    return owner === undefined;
  });
  return [...purged.keys()];
}

export function removeTombstones(tables: MemoryTables, { limit, now }: { limit: number; now: number }): number {
  const expired = [...tables.tombstones.values()]
    .filter(({ expiresAt }) => expiresAt <= now)
    .sort((a, b) => a.expiresAt - b.expiresAt)
    .slice(0, limit);
  for (const { jobId } of expired) {
    tables.tombstones.delete(jobId);
    for (const [name, record] of tables.idempotency) if (record.jobId === jobId) tables.idempotency.delete(name);
  }
  return expired.length;
}
