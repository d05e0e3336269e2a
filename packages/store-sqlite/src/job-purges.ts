// Forgets finished jobs, in steps so short that no other write waits for long.
import type { Clock, JobId } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import type { DeliveryWriter } from "./delivery-writer.js";
import type { FileLinks } from "./file-links.js";
import { deleteIdempotencyKey } from "./statements/delete-idempotency-key.js";
import { deleteJob } from "./statements/delete-job.js";
import { deleteJobEvents } from "./statements/delete-job-events.js";
import { deleteJobLogs } from "./statements/delete-job-logs.js";
import { deleteTombstone } from "./statements/delete-tombstone.js";
import { findExpiredTombstones } from "./statements/find-expired-tombstones.js";
import { findLastPosition } from "./statements/find-last-position.js";
import { findPurgeableJobs } from "./statements/find-purgeable-jobs.js";
import { findTerminalJob, type TerminalJobRow } from "./statements/find-terminal-job.js";
import { hideJob } from "./statements/hide-job.js";
import { insertTombstone } from "./statements/insert-tombstone.js";
import { saveLastPosition } from "./statements/save-last-position.js";
import { savePurgedPosition } from "./statements/save-purged-position.js";

/** Rows that one transaction erases; with the largest events (64 KiB) that is some 16 MiB. */
const ROWS_PER_STEP = 256;

export interface PurgeStep {
  readonly purged: readonly JobId[];
  /** What is left for the next transaction. */
  readonly rest: readonly JobId[];
}

export function createJobPurges(
  connection: Connection,
  { links, deliveries, clock }: { links: FileLinks; deliveries: DeliveryWriter; clock: Clock },
) {
  const terminal = connection.query(findTerminalJob);
  const purgeable = connection.query(findPurgeableJobs);
  const hide = connection.query(hideJob);
  const eraseEvents = connection.query(deleteJobEvents);
  const eraseLogs = connection.query(deleteJobLogs);
  const eraseJob = connection.query(deleteJob);
  const bury = connection.query(insertTombstone);
  const lastPosition = connection.query(findLastPosition);
  const savePosition = connection.query(saveLastPosition);
  const notePurged = connection.query(savePurgedPosition);
  const expired = connection.query(findExpiredTombstones);
  const forget = connection.query(deleteTombstone);
  const freeKey = connection.query(deleteIdempotencyKey);

  /** @returns how many rows went; `rows` or more: there may be others. */
  const eraseRows = (job: number, rows: number): number => {
    const events = Number(eraseEvents.run([job, rows]).changes);
    if (events >= rows) return events;
    return events + Number(eraseLogs.run([job, job, rows - events]).changes);
  };

  const replaceByTombstone = (
    jobId: JobId,
    [number, owner, retentionMs, idempotencyKey]: TerminalJobRow,
    { minTombstoneMs, now }: { minTombstoneMs: number; now: number },
  ): void => {
    links.release(number);
    deliveries.removeWebhook(number);
    eraseJob.run([number]);
    bury.run([jobId, owner, now, now + Math.max(retentionMs, minTombstoneMs), idempotencyKey]);
  };

  return {
    findPurgeable({ limit, now = clock.now() }: { limit: number; now?: number }): readonly JobId[] {
      return purgeable.list([now, limit]).map(([id]) => id);
    },

    /**
     * Erases what fits into one transaction. A job with more than that is hidden first, then shrinks step by step; a
     * process that dies in between leaves it to the next purge.
     */
    purgeStep(jobIds: readonly JobId[], options: { minTombstoneMs: number; now: number }): PurgeStep {
      return connection.write(() => {
        savePosition.run(lastPosition.find([])!);
        const purged: JobId[] = [];
        let room = ROWS_PER_STEP;
        for (const [index, jobId] of jobIds.entries()) {
          const row = terminal.find([jobId]);
          if (row === undefined) continue;
          const [number] = row;
          notePurged.run([number]);
          room -= eraseRows(number, room) + 1;
          if (room <= 0) {
            hide.run([options.now, number]);
            return { purged, rest: jobIds.slice(index) };
          }
          replaceByTombstone(jobId, row, options);
          purged.push(jobId);
        }
        return { purged, rest: [] };
      });
    },

    removeTombstones({ limit, now = clock.now() }: { limit: number; now?: number }): number {
      if (expired.find([now, 1]) === undefined) return 0;
      return connection.write(() => {
        const rows = expired.list([now, limit]);
        for (const [jobId, owner, key] of rows) {
          if (key !== null) freeKey.run([owner, key, jobId]);
          forget.run([jobId]);
        }
        return rows.length;
      });
    },
  };
}
