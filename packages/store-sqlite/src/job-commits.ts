// Applies changes: guard, row and events of each together (invariants I1, I4), all of them in one transaction.
//
// 1. The changes are applied in their order; what follows from one is there for the next.
// 2. Most of them end jobs that this process has claimed, each with a result: neighbours of one lease are one statement, and
//    no row is read before it is written. Where a guard misses among them they are undone, and each goes the second way.
// 3. Everything else: read, then written one by one.
import type { Change, CommitOptions, CommitResult, Guard, JobPatch } from "@meanwhile/core";
import { isTerminal } from "@meanwhile/protocol";
import type { ClaimedJobs } from "./claimed-jobs.js";
import type { Connection } from "./connection.js";
import type { EventWriter } from "./event-writer.js";
import { isPlainText } from "./payload-columns.js";
import type { Places } from "./places.js";
import { fromChange, fromFinish, fromFinishes, fromReport } from "./rows.js";
import { changeJob } from "./statements/change-job.js";
import { finishJob } from "./statements/finish-job.js";
import { finishJobs } from "./statements/finish-jobs.js";
import { readChangingJob } from "./statements/read-changing-job.js";
import { reportProgress } from "./statements/report-progress.js";
import type { Turns } from "./turns.js";
import type { UserStatements } from "./user-statements.js";

/** Changes that end jobs of one lease alike. */
interface Finishes {
  readonly first: Change;
  readonly lastSeq: number;
  readonly jobs: { readonly number: number; readonly change: Change }[];
}

export function createJobCommits(
  connection: Connection,
  {
    events,
    turns,
    places,
    claimed,
    userStatements,
  }: {
    events: EventWriter;
    turns: Turns;
    places: Places;
    claimed: ClaimedJobs;
    userStatements: UserStatements;
  },
) {
  const changing = connection.query(readChangingJob);
  const finish = connection.query(finishJob);
  const finishAlike = connection.query(finishJobs);
  const report = connection.query(reportProgress);
  const changeAny = connection.query(changeJob);

  // Each shape names only the columns that it may change: SQLite rewrites every index of a column that is named.
  const update = (change: Change, number: number): boolean => {
    const asFinish = fromFinish(change, number);
    if (asFinish !== undefined) return Number(finish.run(asFinish).changes) === 1;
    const asReport = fromReport(change, number);
    if (asReport !== undefined) return Number(report.run(asReport).changes) === 1;
    return Number(changeAny.run(fromChange(change, number)).changes) === 1;
  };

  /** Jobs that the commit under way made ready. */
  let readied: number[] = [];

  const apply = (change: Change): CommitResult => {
    const row = changing.find([change.jobId]);
    if (row === undefined) return GUARD_FAILED;
    const [number, seq, concurrencyKey, owner] = row;
    if (!update(change, number)) return GUARD_FAILED;
    if (change.patch.readiness === "ready") readied.push(number);
    events.append(change.events, { job: number, seq: seq + 1 });
    const lastSeq = seq + change.events.length;
    const known = claimed.find(change.jobId);
    if (known !== undefined) known.lastSeq = lastSeq;
    const { status, releaseLease } = change.patch;
    if (releaseLease) claimed.forget(change.jobId);
    if (concurrencyKey === null || status === undefined || !isTerminal(status)) {
      return { outcome: "committed", lastSeq };
    }
    const next = turns.end({ owner, concurrencyKey }, number);
    if (next === undefined) return { outcome: "committed", lastSeq };
    readied.push(next.number);
    return { outcome: "committed", lastSeq, readiedType: next.type };
  };

  const applyFinishes = ({ first, lastSeq, jobs }: Finishes): readonly CommitResult[] => {
    const all = jobs.map(({ change }) => change);
    if (jobs.length < WORTH_A_RUN) return all.map(apply);
    const values = fromFinishes(first, { jobs, lastSeq });
    const hit = connection.attempt(() => Number(finishAlike.run(values).changes) === jobs.length);
    if (!hit) return all.map(apply);
    const committed: CommitResult = { outcome: "committed", lastSeq: lastSeq + 1 };
    return jobs.map(({ change, number }) => {
      events.append(change.events, { job: number, seq: committed.lastSeq });
      claimed.forget(change.jobId);
      return committed;
    });
  };

  const applyAll = (changes: readonly Change[]): readonly CommitResult[] => {
    const results: CommitResult[] = [];
    readied = [];
    let run: Finishes | undefined;
    const endRun = () => {
      if (run !== undefined) for (const result of applyFinishes(run)) results.push(result);
      run = undefined;
    };
    for (const change of changes) {
      if (run !== undefined && !isAlike(run.first, change)) endRun();
      const known = isPlainFinish(change) ? claimed.find(change.jobId) : undefined;
      if (known === undefined || known.leaseToken !== change.guard.leaseToken) {
        endRun();
        results.push(apply(change));
        continue;
      }
      if (run !== undefined && run.lastSeq !== known.lastSeq) endRun();
      run ??= { first: change, lastSeq: known.lastSeq, jobs: [] };
      run.jobs.push({ number: known.number, change });
    }
    endRun();
    places.settle(readied);
    return results;
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

/** From here on one statement for all is cheaper than one for each. */
const WORTH_A_RUN = 3;

/** Whether the change ends a leased job with a result and does nothing else. */
function isPlainFinish({ guard, patch, events }: Change): boolean {
  if (guard.status !== "PROCESSING" || guard.leaseToken === undefined || events.length !== 1) return false;
  for (const member in guard) if (!FINISH_GUARDS.has(member)) return false;
  for (const member in patch) if (!FINISH_MEMBERS.has(member)) return false;
  if (patch.completedAt === undefined || patch.purgeAt === undefined || patch.readiness !== null) return false;
  return patch.status !== undefined && patch.result !== undefined && isPlainText(patch.result);
}

const FINISH_GUARDS: ReadonlySet<string> = new Set<keyof Guard>(["status", "leaseToken"]);

const FINISH_MEMBERS: ReadonlySet<string> = new Set<keyof JobPatch>([
  "status",
  "readiness",
  "releaseLease",
  "completedAt",
  "purgeAt",
  "result",
]);

function isAlike({ guard, patch, at }: Change, other: Change): boolean {
  return (
    guard.leaseToken === other.guard.leaseToken &&
    at === other.at &&
    patch.status === other.patch.status &&
    patch.completedAt === other.patch.completedAt &&
    patch.purgeAt === other.patch.purgeAt
  );
}

const GUARD_FAILED: CommitResult = { outcome: "guard_failed" };

/** Undoes the user's statements of a change that may not be made. Never leaves this file. */
class GuardMiss extends Error {}
