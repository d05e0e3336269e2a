// Applies changes: guard, row and events of each together (invariants I1, I4), all of them in one transaction.
import type { Change, CommitOptions, CommitResult, JobPatch } from "@meanwhile/core";
import { isTerminal } from "@meanwhile/protocol";
import type { Connection } from "./connection.js";
import type { EventWriter } from "./event-writer.js";
import { fromChange, fromFinish, fromFinishes, fromReport, isPlainText } from "./rows.js";
import { changeJob } from "./statements/change-job.js";
import { finishJob } from "./statements/finish-job.js";
import { finishJobs } from "./statements/finish-jobs.js";
import { readChangingJobs } from "./statements/read-changing-jobs.js";
import { reportProgress } from "./statements/report-progress.js";
import type { Turns } from "./turns.js";
import type { UserStatements } from "./user-statements.js";

/** From here on one statement for all is cheaper than one for each. */
const WORTH_A_RUN = 3;

/** What a change needs of its job; true while the write lock is held, and kept true from change to change. */
interface ChangingJob {
  readonly number: number;
  /** As they were read: good for a job's first change of the transaction only. */
  readonly before: { readonly status: string; readonly leaseToken: string | null };
  isChanged: boolean;
  readonly turn: { readonly owner: string; readonly concurrencyKey: string } | undefined;
  lastSeq: number;
}

export function createJobCommits(
  connection: Connection,
  { events, turns, userStatements }: { events: EventWriter; turns: Turns; userStatements: UserStatements },
) {
  const changing = connection.query(readChangingJobs);
  const finish = connection.query(finishJob);
  const finishAlike = connection.query(finishJobs);
  const report = connection.query(reportProgress);
  const changeAny = connection.query(changeJob);

  /** In the order of the changes; those of one job share what is known of it. */
  const read = (changes: readonly Change[]): readonly (ChangingJob | undefined)[] => {
    const jobs: (ChangingJob | undefined)[] = new Array(changes.length).fill(undefined);
    const byNumber = new Map<number, ChangingJob>();
    for (const [index, number, lastSeq, concurrencyKey, owner, status, leaseToken] of changing.list([idsOf(changes)])) {
      let job = byNumber.get(number);
      if (job === undefined) {
        const turn = concurrencyKey === null || owner === null ? undefined : { owner, concurrencyKey };
        job = { number, before: { status, leaseToken }, isChanged: false, turn, lastSeq };
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
    job.isChanged = true;
    events.append(change.events, { job: number, seq: job.lastSeq + 1 });
    job.lastSeq += change.events.length;
    const { lastSeq } = job;
    const { status } = change.patch;
    if (turn === undefined || status === undefined || !isTerminal(status)) return { outcome: "committed", lastSeq };
    const readiedType = turns.end(turn, number);
    return { outcome: "committed", lastSeq, ...(readiedType === undefined ? {} : { readiedType }) };
  };

  const finishAll = (finishes: readonly Finish[]): readonly CommitResult[] => {
    if (finishes.length < WORTH_A_RUN) return finishes.map(({ change, job }) => apply(change, job));
    finishAlike.run(fromFinishes(finishes));
    return finishes.map(({ change, number, job }) => {
      events.append(change.events, { job: number, seq: job.lastSeq + 1 });
      return { outcome: "committed", lastSeq: ++job.lastSeq };
    });
  };

  // Neighbours that finish alike wait for each other and are written together; the order of the changes stays.
  const applyAll = (changes: readonly Change[]): readonly CommitResult[] => {
    const jobs = read(changes);
    const results: CommitResult[] = [];
    let run: Finish[] = [];
    for (let index = 0; index < changes.length; index++) {
      const change = changes[index]!;
      const job = jobs[index];
      const isFinish = job !== undefined && isPlainFinish(change, job);
      if (run.length > 0 && !(isFinish && isAlike(run[0]!.change, change))) {
        results.push(...finishAll(run));
        run = [];
      }
      if (!isFinish) results.push(apply(change, job));
      else {
        job.isChanged = true;
        run.push({ change, number: job.number, job });
      }
    }
    return [...results, ...finishAll(run)];
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

interface Finish {
  readonly change: Change;
  readonly number: number;
  readonly job: ChangingJob;
}

/** Whether the change ends the job and does nothing else, and all that its guard names holds. */
function isPlainFinish({ guard, patch, events }: Change, { before, isChanged, turn }: ChangingJob): boolean {
  if (isChanged || turn !== undefined || events.length !== 1) return false;
  if (guard.cancelRequested !== undefined || guard.lastSeq !== undefined || guard.leaseExpiredAt !== undefined)
    return false;
  if (guard.status !== before.status || guard.leaseToken !== (before.leaseToken ?? undefined)) return false;
  for (const member in patch) if (!FINISH_MEMBERS.has(member)) return false;
  if (patch.completedAt === undefined || patch.purgeAt === undefined || patch.readiness !== null) return false;
  return patch.status !== undefined && patch.result !== undefined && isPlainText(patch.result);
}

const FINISH_MEMBERS: ReadonlySet<string> = new Set<keyof JobPatch>([
  "status",
  "readiness",
  "releaseLease",
  "completedAt",
  "purgeAt",
  "result",
]);

function isAlike({ patch, at }: Change, other: Change): boolean {
  return (
    at === other.at &&
    patch.status === other.patch.status &&
    patch.completedAt === other.patch.completedAt &&
    patch.purgeAt === other.patch.purgeAt
  );
}

function idsOf(changes: readonly Change[]): string {
  return JSON.stringify(changes.map(({ jobId }) => jobId));
}

const GUARD_FAILED: CommitResult = { outcome: "guard_failed" };

/** Undoes the user's statements of a change that may not be made. Never leaves this file. */
class GuardMiss extends Error {}
