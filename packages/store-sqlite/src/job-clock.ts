// What the clock brings: delayed jobs that are due, leases and deadlines that have passed.
import type { Clock, DueKind, Job, MakeReadyResult } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import type { Places } from "./places.js";
import { toJob } from "./rows.js";
import { findDelayedJobs } from "./statements/find-delayed-jobs.js";
import { findExpiredLeases } from "./statements/find-expired-leases.js";
import { findNextRunAt } from "./statements/find-next-run-at.js";
import { findOverdueDeadlines } from "./statements/find-overdue-deadlines.js";
import { findOverdueStarts } from "./statements/find-overdue-starts.js";
import { setReadiness } from "./statements/set-readiness.js";
import type { Turns } from "./turns.js";

export function createJobClock(
  connection: Connection,
  { turns, places, clock }: { turns: Turns; places: Places; clock: Clock },
) {
  const delayed = connection.query(findDelayedJobs);
  const nextRunAt = connection.query(findNextRunAt);
  const set = connection.query(setReadiness);
  const due = {
    lease: connection.query(findExpiredLeases),
    start: connection.query(findOverdueStarts),
    deadline: connection.query(findOverdueDeadlines),
  };

  const release = ({ limit, now }: { limit: number; now: number }): MakeReadyResult => {
    const rows = delayed.list([now, limit]);
    const types = new Set<string>();
    const draw = places.open();
    for (const [number, owner, type, priority, concurrencyKey, turn] of rows) {
      const due =
        concurrencyKey === null
          ? ({ readiness: "ready", turn: null } as const)
          : turns.join({ owner, concurrencyKey }, turn);
      const place = due.readiness === "ready" ? draw.next({ type, priority, owner }) : null;
      set.run([due.readiness, due.turn, place, number]);
      if (due.readiness === "ready") types.add(type);
    }
    return { types: [...types], count: rows.length, nextRunAt: nextRunAt.find([])?.[0] ?? null };
  };

  return {
    makeReady({ limit, now = clock.now() }: { limit: number; now?: number }): MakeReadyResult {
      // A look without the write lock first: mostly nothing is due.
      const next = nextRunAt.find([])?.[0] ?? null;
      if (next === null || next > now) return { types: [], count: 0, nextRunAt: next };
      return connection.write(() => release({ limit, now }));
    },

    findDue(kind: DueKind, { limit, now = clock.now() }: { limit: number; now?: number }): readonly Job[] {
      return due[kind].list([now, limit]).map(toJob);
    },
  };
}
