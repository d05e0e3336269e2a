// Forgets finished jobs, in transactions so short that nobody waits for them.
import type { JobId } from "@meanwhile/core";
import { columnsOf } from "./columns.js";
import type { Database, Transaction } from "./database.js";
import { deleteJobEvents } from "./statements/delete-job-events.js";
import { deleteJobLogs } from "./statements/delete-job-logs.js";
import { deleteJobWebhooks } from "./statements/delete-job-webhooks.js";
import { deleteJobs } from "./statements/delete-jobs.js";
import { findPurgeableJobs } from "./statements/find-purgeable-jobs.js";
import { insertTombstones } from "./statements/insert-tombstones.js";
import { lockTerminalJobs } from "./statements/lock-terminal-jobs.js";
import { readNow } from "./statements/read-now.js";
import { releaseJobFiles } from "./statements/release-job-files.js";
import { removeTombstones } from "./statements/remove-tombstones.js";

/** Jobs that one transaction erases: some ten milliseconds, during which a reader that meets them waits for nothing. */
const JOBS_PER_STEP = 200;

export function createJobPurges(database: Database) {
  return {
    async findPurgeable({ limit, now }: { limit: number; now?: number }): Promise<readonly JobId[]> {
      return (await database.list(findPurgeableJobs, [now ?? null, limit])).map(([id]) => id);
    },

    async purge(
      jobIds: readonly JobId[],
      options: { minTombstoneMs: number; now?: number },
    ): Promise<readonly JobId[]> {
      const purged = new Set<JobId>();
      for (let from = 0; from < jobIds.length; from += JOBS_PER_STEP) {
        const step = [...new Set(jobIds.slice(from, from + JOBS_PER_STEP))].sort();
        for (const id of await database.write((transaction) => purgeStep(transaction, step, options))) purged.add(id);
      }
      return [...new Set(jobIds)].filter((id) => purged.has(id));
    },

    async removeTombstones({ limit, now }: { limit: number; now?: number }): Promise<number> {
      const [[count]] = (await database.write((transaction) =>
        transaction.list(removeTombstones, [now ?? null, limit]),
      )) as [[number]];
      return count;
    },
  };
}

async function purgeStep(
  transaction: Transaction,
  ids: readonly JobId[],
  { minTombstoneMs, now: given }: { minTombstoneMs: number; now?: number },
): Promise<readonly JobId[]> {
  const rows = await transaction.list(lockTerminalJobs, [ids]);
  if (rows.length === 0) return [];
  const [[now]] = (await transaction.list(readNow, [given ?? null])) as [[number]];
  const numbers = rows.map(([, number]) => number);
  const tombstones = rows.map(([id, , owner, retentionMs, key]) => [
    id,
    owner,
    now,
    now + Math.max(retentionMs, minTombstoneMs),
    key,
  ]);
  await Promise.all([
    transaction.run(deleteJobEvents, [numbers, rows.map(([, , owner]) => owner)]),
    transaction.run(deleteJobLogs, [numbers]),
    transaction.run(releaseJobFiles, [numbers]),
    transaction.run(deleteJobWebhooks, [numbers]),
    transaction.run(deleteJobs, [numbers]),
    transaction.run(insertTombstones, columnsOf(tombstones, 5)),
  ]);
  return rows.map(([id]) => id);
}
