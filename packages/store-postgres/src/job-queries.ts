// Reads jobs: one, a page of them, their place and their number.
import { AppError, type Job, type JobPage, type JobQuery, type Tombstone } from "@meanwhile/core";
import type { Database } from "./database.js";
import { toJob, toTombstone } from "./rows.js";
import { countAhead } from "./statements/count-ahead.js";
import { countWaiting } from "./statements/count-waiting.js";
import { findJob } from "./statements/find-job.js";
import { findListFloor } from "./statements/find-list-floor.js";
import { findOwnedListFloor } from "./statements/find-owned-list-floor.js";
import { findTombstone } from "./statements/find-tombstone.js";
import { LIST_FILTERS, type ListFilter, listJobs } from "./statements/list-jobs.js";

/** Rows that one page may walk over: some milliseconds of one connection. */
const WALKED_ROWS = 5_000;

export function createJobQueries(database: Database) {
  return {
    async find(jobId: string): Promise<Job | undefined> {
      const [row] = await database.list(findJob, [jobId]);
      return row && toJob(row);
    },

    async findTombstone(jobId: string): Promise<Tombstone | undefined> {
      const [row] = await database.list(findTombstone, [jobId]);
      return row && toTombstone(row);
    },

    async list(query: JobQuery): Promise<JobPage> {
      const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(query.cursor);
      const filters = FILTERS.filter((filter) => query[filter] !== undefined);
      const values = filters.map((filter) => query[filter]!);
      const { owner } = query;
      const [floor] = await (owner === undefined
        ? database.list(findListFloor, [before, WALKED_ROWS - 1])
        : database.list(findOwnedListFloor, [owner, before, WALKED_ROWS - 1]));
      const from = floor?.[0] ?? 0;
      // One row more than asked for says whether there is a next page.
      const range = [before, from, query.limit + 1];
      const rows = await (owner === undefined
        ? database.list(listJobs("all", filters), [...range, ...values])
        : database.list(listJobs("owned", filters), [...range, owner, ...values]));
      const items = rows.slice(0, query.limit);
      const nextBefore = rows.length > query.limit ? (items.at(-1)?.[0] ?? before) : from;
      return { items: items.map(toJob), nextCursor: nextBefore > 1 ? String(nextBefore) : null };
    },

    async countAhead(jobId: string, { limit }: { limit: number }): Promise<number | undefined> {
      const [row] = await database.list(countAhead, [jobId, limit]);
      return row && Math.min(limit, row[0]);
    },

    async countWaiting(types: readonly string[], { limit }: { limit: number }): Promise<ReadonlyMap<string, number>> {
      const rows = await database.list(countWaiting, [types, limit]);
      const counts = rows.map(([type, ready, held]) => [type, Math.min(limit, ready + held)] as const);
      return new Map(counts.filter(([, count]) => count > 0));
    },
  };
}

const FILTERS = Object.keys(LIST_FILTERS) as readonly ListFilter[];

function readCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new AppError("invalid_request", {
    message: "The cursor cannot be read. Send the nextCursor of an earlier page, or none to start at the newest job.",
  });
}
