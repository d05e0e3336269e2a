// Reads jobs: one, a page of them, their place and their number.
import { AppError, type Job, type JobPage, type JobQuery, type Tombstone } from "@meanwhile/core";
import type { Connection, Query } from "./connection.js";
import { toJob, toTombstone } from "./rows.js";
import { countAhead } from "./statements/count-ahead.js";
import { countWaiting } from "./statements/count-waiting.js";
import { findJob } from "./statements/find-job.js";
import { findListFloor } from "./statements/find-list-floor.js";
import { findOwnedListFloor } from "./statements/find-owned-list-floor.js";
import { findReadyPlace } from "./statements/find-ready-place.js";
import { findTombstone } from "./statements/find-tombstone.js";
import type { JobRow } from "./statements/job-columns.js";
import { LIST_FILTERS, type ListFilter, type ListJobs, listJobs } from "./statements/list-jobs.js";

/** Rows that one page may walk over: some milliseconds, during which nothing else happens in this process. */
const WALKED_ROWS = 5_000;

export function createJobQueries(connection: Connection) {
  const one = connection.query(findJob);
  const tombstone = connection.query(findTombstone);
  const floor = connection.query(findListFloor);
  const ownedFloor = connection.query(findOwnedListFloor);
  const readyPlace = connection.query(findReadyPlace);
  const ahead = connection.query(countAhead);
  const waiting = connection.query(countWaiting);
  const lists = new Map<string, Query<ListJobs, JobRow>>();

  const listWith = (of: "all" | "owned", filters: readonly ListFilter[]): Query<ListJobs, JobRow> => {
    const name = `${of} ${filters.join()}`;
    const known = lists.get(name);
    if (known !== undefined) return known;
    const compiled = connection.query(listJobs(of, filters));
    lists.set(name, compiled);
    return compiled;
  };

  return {
    find(jobId: string): Job | undefined {
      const row = one.find([jobId]);
      return row && toJob(row);
    },

    findTombstone(jobId: string): Tombstone | undefined {
      const row = tombstone.find([jobId]);
      return row && toTombstone(row);
    },

    list(query: JobQuery): JobPage {
      const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(query.cursor);
      const filters = FILTERS.filter((filter) => query[filter] !== undefined);
      const values = filters.map((filter) => query[filter]!);
      // One row more than asked for says whether there is a next page.
      const limit = query.limit + 1;
      const { owner } = query;
      const from =
        (owner === undefined
          ? floor.find([before, WALKED_ROWS - 1])
          : ownedFloor.find([owner, before, WALKED_ROWS - 1]))?.[0] ?? 0;
      const rows =
        owner === undefined
          ? listWith("all", filters).list([before, from, ...values, limit])
          : listWith("owned", filters).list([owner, before, from, ...values, limit]);
      const items = rows.slice(0, query.limit);
      const nextBefore = rows.length > query.limit ? (items.at(-1)?.[0] ?? before) : from;
      return { items: items.map(toJob), nextCursor: nextBefore > 1 ? String(nextBefore) : null };
    },

    countAhead(jobId: string, { limit }: { limit: number }): number | undefined {
      const row = readyPlace.find([jobId]);
      if (row === undefined) return undefined;
      const [number, type, priority, place] = row;
      const higher = [type, priority, limit] as const;
      const earlier = [type, priority, place, limit] as const;
      const inserted = [type, priority, place, number, limit] as const;
      return Math.min(limit, ahead.find([...higher, ...earlier, ...inserted])![0]);
    },

    countWaiting(types: readonly string[], { limit }: { limit: number }): ReadonlyMap<string, number> {
      const counts = types.map((type) => [type, waiting.find([type, limit])![0]] as const);
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
