// What the clock brings: delayed jobs that are due, leases and deadlines that have passed.
import type { DueKind, Job, MakeReadyResult } from "@meanwhile/core";
import type { Database, Transaction } from "./database.js";
import { toJob } from "./rows.js";
import { type DelayedJobRow, findDelayedJobs } from "./statements/find-delayed-jobs.js";
import { findExpiredLeases } from "./statements/find-expired-leases.js";
import { findNextRunAt } from "./statements/find-next-run-at.js";
import { findOverdueDeadlines } from "./statements/find-overdue-deadlines.js";
import { findOverdueStarts } from "./statements/find-overdue-starts.js";
import { lockDelayedJobs } from "./statements/lock-delayed-jobs.js";
import { setReadiness } from "./statements/set-readiness.js";
import { openTurns, type TurnKey } from "./turns.js";

const DUE = { lease: findExpiredLeases, start: findOverdueStarts, deadline: findOverdueDeadlines } as const;

export function createJobClock(database: Database) {
  return {
    async makeReady({ limit, now }: { limit: number; now?: number }): Promise<MakeReadyResult> {
      // A look without a transaction first: mostly nothing is due.
      const [[next, moment]] = (await database.list(findNextRunAt, [now ?? null])) as [[number | null, number]];
      if (next === null || next > moment) return { types: [], count: 0, nextRunAt: next };
      return database.write((transaction) => release(transaction, { limit, now: moment }));
    },

    async findDue(kind: DueKind, { limit, now }: { limit: number; now?: number }): Promise<readonly Job[]> {
      return (await database.list(DUE[kind], [now ?? null, limit])).map(toJob);
    },
  };
}

/** The queues are locked before the jobs, as everywhere. */
async function release(
  transaction: Transaction,
  { limit, now }: { limit: number; now: number },
): Promise<MakeReadyResult> {
  const found = await transaction.list(findDelayedJobs, [now, limit]);
  const keyed = found.filter(([, , , concurrencyKey]) => concurrencyKey !== null);
  const joining = keyed.filter(([, , , , turn]) => turn === null);
  const turns = await openTurns(transaction, { keys: keyed.map(keyOf), joining: joining.map(keyOf) });
  const numbers = found.map(([number]) => number).sort((a, b) => a - b);
  const locked = new Set((await transaction.list(lockDelayedJobs, [numbers, now])).map(([number]) => number));
  const rows = found.filter(([number]) => locked.has(number));
  const places = rows.map((row) =>
    row[3] === null ? ({ readiness: "ready", turn: null } as const) : turns.join(keyOf(row), row[4]),
  );
  await transaction.run(setReadiness, [
    rows.map(([number]) => number),
    places.map(({ readiness }) => readiness),
    places.map(({ turn }) => turn),
  ]);
  const types = rows.flatMap(([, , type], index) => (places[index]!.readiness === "ready" ? [type] : []));
  const [[nextRunAt]] = (await transaction.list(findNextRunAt, [now])) as [[number | null, number]];
  return { types: [...new Set(types)], count: rows.length, nextRunAt };
}

const keyOf = ([, owner, , concurrencyKey]: DelayedJobRow): TurnKey => ({ owner, concurrencyKey: concurrencyKey! });
