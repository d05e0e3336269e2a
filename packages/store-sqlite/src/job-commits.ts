// Applies changes: guard, row and events of each together (invariants I1, I4), all of them in one transaction.
import type { Change, CommitOptions, CommitResult } from "@meanwhile/core";
import { isTerminal } from "@meanwhile/protocol";
import type { Connection } from "./connection.js";
import type { EventWriter } from "./event-writer.js";
import { fromChange, fromFinish, fromReport } from "./rows.js";
import { changeJob } from "./statements/change-job.js";
import { finishJob } from "./statements/finish-job.js";
import { readChangingJobs } from "./statements/read-changing-jobs.js";
import { reportProgress } from "./statements/report-progress.js";
import type { Turns } from "./turns.js";
import type { UserStatements } from "./user-statements.js";

/** What a change needs of its job; true while the write lock is held, and kept true from change to change. */
interface ChangingJob {
  readonly number: number;
  readonly turn: { readonly owner: string; readonly concurrencyKey: string } | undefined;
  lastSeq: number;
}

export function createJobCommits(
  connection: Connection,
  { events, turns, userStatements }: { events: EventWriter; turns: Turns; userStatements: UserStatements },
) {
  const changing = connection.query(readChangingJobs);
  const finish = connection.query(finishJob);
  const report = connection.query(reportProgress);
  const changeAny = connection.query(changeJob);

  /** In the order of the changes; those of one job share what is known of it. */
  const read = (changes: readonly Change[]): readonly (ChangingJob | undefined)[] => {
    const jobs: (ChangingJob | undefined)[] = new Array(changes.length).fill(undefined);
    const byNumber = new Map<number, ChangingJob>();
    for (const [index, number, lastSeq, concurrencyKey, owner] of changing.list([idsOf(changes)])) {
      let job = byNumber.get(number);
      if (job === undefined) {
        const turn = concurrencyKey === null || owner === null ? undefined : { owner, concurrencyKey };
        job = { number, turn, lastSeq };
        byNumber.set(number, job);
      }
      jobs[index] = job;
    }
    return jobs;
  };

  // Each shape names only the columns that it may change: SQLite rewrites every index of a column that is named.
  const update = (change: Change, number: number): boolean => {
    const asFinish = fromFinish(change, number);
    if (asFinish !== undefined) return Number(finish.run(asFinish).changes) === 1;
    const asReport = fromReport(change, number);
    if (asReport !== undefined) return Number(report.run(asReport).changes) === 1;
    return Number(changeAny.run(fromChange(change, number)).changes) === 1;
  };

  const apply = (change: Change, job: ChangingJob | undefined): CommitResult => {
    if (job === undefined || !update(change, job.number)) return GUARD_FAILED;
    const { number, turn } = job;
    events.append(change.events, { job: number, seq: job.lastSeq + 1 });
    job.lastSeq += change.events.length;
    const { lastSeq } = job;
    const { status } = change.patch;
    if (turn === undefined || status === undefined || !isTerminal(status)) return { outcome: "committed", lastSeq };
    const readiedType = turns.end(turn, number);
    return { outcome: "committed", lastSeq, ...(readiedType === undefined ? {} : { readiedType }) };
  };

  const applyAll = (changes: readonly Change[]): readonly CommitResult[] => {
    const jobs = read(changes);
    return changes.map((change, index) => apply(change, jobs[index]));
  };

  return {
    commit(changes: readonly Change[], { userStatements: own = [] }: CommitOptions = {}): readonly CommitResult[] {
      if (own.length === 0) return events.write(() => applyAll(changes));
      try {
        return events.write(() => {
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

function idsOf(changes: readonly Change[]): string {
  return JSON.stringify(changes.map(({ jobId }) => jobId));
}

const GUARD_FAILED: CommitResult = { outcome: "guard_failed" };

/** Undoes the user's statements of a change that may not be made. Never leaves this file. */
class GuardMiss extends Error {}
