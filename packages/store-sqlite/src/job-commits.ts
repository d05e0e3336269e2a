// Applies changes: guard, row and events of each together (invariants I1, I4), all of them in one transaction.
import type { Change, CommitOptions, CommitResult } from "@meanwhile/core";
import { isTerminal } from "@meanwhile/protocol";
import type { Connection } from "./connection.js";
import type { EventWriter } from "./event-writer.js";
import { fromChange, fromFinish, fromReport } from "./rows.js";
import { changeJob } from "./statements/change-job.js";
import { finishJob } from "./statements/finish-job.js";
import type { ChangedJobRow } from "./statements/guard.js";
import { reportProgress } from "./statements/report-progress.js";
import type { Turns } from "./turns.js";
import type { UserStatements } from "./user-statements.js";

export function createJobCommits(
  connection: Connection,
  { events, turns, userStatements }: { events: EventWriter; turns: Turns; userStatements: UserStatements },
) {
  const finish = connection.query(finishJob);
  const report = connection.query(reportProgress);
  const changeAny = connection.query(changeJob);

  // Each shape names only the columns that it may change: SQLite rewrites every index of a column that is named.
  const update = (change: Change): ChangedJobRow | undefined => {
    const asFinish = fromFinish(change);
    if (asFinish !== undefined) return finish.find(...asFinish);
    const asReport = fromReport(change);
    if (asReport !== undefined) return report.find(...asReport);
    return changeAny.find(...fromChange(change));
  };

  const apply = (change: Change): CommitResult => {
    const row = update(change);
    if (row === undefined) return GUARD_FAILED;
    const { number, owner, last_seq: lastSeq, concurrency_key: concurrencyKey } = row;
    events.append(change.events, { job: number, seq: lastSeq - change.events.length + 1 });
    const { status } = change.patch;
    if (concurrencyKey !== null && status !== undefined && isTerminal(status)) {
      turns.end({ owner, concurrencyKey }, number);
    }
    return { outcome: "committed", lastSeq };
  };

  const applyAll = (changes: readonly Change[]): readonly CommitResult[] => {
    events.begin();
    return changes.map(apply);
  };

  return {
    commit(changes: readonly Change[], options: CommitOptions = {}): readonly CommitResult[] {
      const own = options.userStatements ?? [];
      if (own.length === 0) return connection.write(() => applyAll(changes));
      try {
        return connection.write(() => {
          userStatements.run(own);
          const results = applyAll(changes);
          if (results.some(({ outcome }) => outcome === "guard_failed")) throw new GuardMiss();
          return results;
        });
      } catch (error) {
        if (error instanceof GuardMiss) return changes.map(() => GUARD_FAILED);
        throw error;
      }
    },
  };
}

const GUARD_FAILED: CommitResult = { outcome: "guard_failed" };

/** Undoes the user's statements of a change that may not be made. Never leaves this file. */
class GuardMiss extends Error {}
