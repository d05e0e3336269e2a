// Applies changes: guard, row and events of each together (invariants I1, I4), all of them in one transaction.
//
// 1. The queues of keys that a change may end are locked, then the rows, both sorted. A key becomes known by its row: where that
//    shows one that is not locked, the transaction begins again and takes it first.
// 2. With the rows locked, the guards are judged here, change by change in their order; each job's changes become one update.
// 3. A turn that ends is passed on at once where the next change could tell the difference.
import type { Change, CommitOptions, CommitResult, Guard, JobPatch } from "@meanwhile/core";
import { isTerminal } from "@meanwhile/protocol";
import { columnsOf } from "./columns.js";
import type { Database, Transaction } from "./database.js";
import type { DeliveryWriter } from "./delivery-writer.js";
import { asNeighbour } from "./errors.js";
import { createEventBatch, type EventBatch } from "./event-writer.js";
import { bodyOf, fromJson, payloadFormat } from "./rows.js";
import { type ChangingJobRow, lockChangingJobs } from "./statements/lock-changing-jobs.js";
import { type UpdateJobs, updateJobs } from "./statements/update-jobs.js";
import { lockQueues, passOn, type TurnKey, turnName } from "./turns.js";
import { runUserStatements } from "./user-statements.js";

/** A locked job as the changes so far leave it. */
interface ChangingJob {
  readonly number: number;
  status: string;
  leaseToken: string | null;
  leaseExpiresAt: number | null;
  isCancelRequested: boolean;
  lastSeq: number;
  updatedAt: number;
  readonly key: TurnKey | undefined;
  hasTurn: boolean;
  endsTurn: boolean;
  /** All that is to be written; `undefined` where nothing is. */
  patch: JobPatch | undefined;
}

const UPDATE_COLUMNS = 19;

export function createJobCommits(database: Database, { deliveries }: { deliveries: DeliveryWriter }) {
  return {
    async commit(
      changes: readonly Change[],
      { userStatements = [] }: CommitOptions = {},
    ): Promise<readonly CommitResult[]> {
      let keys: readonly TurnKey[] = [];
      let events: EventBatch | undefined;
      for (;;) {
        try {
          const { results, queued } = await database
            .write(
              async (transaction) => {
                await runUserStatements(transaction, userStatements);
                const applied = await applyAll(transaction, changes, keys);
                const missed = applied.results.some(({ outcome }) => outcome === "guard_failed");
                if (userStatements.length > 0 && missed) throw new GuardMiss();
                events = applied.events;
                return { results: applied.results, queued: await events.store(transaction) };
              },
              { isThere: async (session, xid) => events?.isThere(session, xid) },
            )
            .catch(asNeighbour(changes.length));
          if (queued) deliveries.hint();
          return results;
        } catch (error) {
          if (error instanceof GuardMiss) return changes.map(() => GUARD_FAILED);
          if (!(error instanceof KeysNeeded)) throw error;
          keys = [...keys, ...error.keys];
        }
      }
    },
  };

  async function applyAll(transaction: Transaction, changes: readonly Change[], keys: readonly TurnKey[]) {
    await lockQueues(transaction, keys);
    const jobs = await lockJobs(transaction, changes);
    requireKeys(changes, jobs, keys);
    const events = createEventBatch(deliveries);
    const results: CommitResult[] = [];
    /** Turns that ended and are not passed on yet, each with the place of its result. */
    const ended = new Map<string, { key: TurnKey; result: number }>();
    const flush = async (): Promise<void> => {
      await writeJobs(transaction, jobs.values());
      if (ended.size === 0) return;
      const types = await passOn(
        transaction,
        [...ended.values()].map(({ key }) => key),
      );
      for (const [name, { result }] of ended) {
        const readiedType = types.get(name);
        if (readiedType !== undefined) results[result] = { ...(results[result] as Committed), readiedType };
      }
      ended.clear();
    };
    for (const change of changes) {
      const job = jobs.get(change.jobId);
      if (job !== undefined && endsTurn(change, job) && ended.has(turnName(job.key!))) await flush();
      results.push(apply(change, job, events));
      if (job?.endsTurn === true && job.hasTurn) {
        job.hasTurn = false;
        ended.set(turnName(job.key!), { key: job.key!, result: results.length - 1 });
      }
    }
    await flush();
    return { results, events };
  }
}

type Committed = CommitResult & { outcome: "committed" };

const GUARD_FAILED: CommitResult = { outcome: "guard_failed" };

/** Undoes the user's statements of a change that may not be made. Never leaves this file. */
class GuardMiss extends Error {}

/** Begins again with these queues locked first. Never leaves this file. */
class KeysNeeded extends Error {
  readonly keys: readonly TurnKey[];

  constructor(keys: readonly TurnKey[]) {
    super();
    this.keys = keys;
  }
}

async function lockJobs(
  transaction: Transaction,
  changes: readonly Change[],
): Promise<ReadonlyMap<string, ChangingJob>> {
  const ids = [...new Set(changes.map(({ jobId }) => jobId))].sort();
  return new Map((await transaction.list(lockChangingJobs, [ids])).map((row) => [row[0], toChangingJob(row)]));
}

function toChangingJob(row: ChangingJobRow): ChangingJob {
  const [, number, status, leaseToken, leaseExpiresAt, isCancelRequested, lastSeq, owner, concurrencyKey, turn] = row;
  const key = concurrencyKey === null ? undefined : { owner, concurrencyKey };
  const facts = { number, status, leaseToken, leaseExpiresAt, isCancelRequested, lastSeq };
  return { ...facts, updatedAt: 0, key, hasTurn: turn !== null, endsTurn: false, patch: undefined };
}

function requireKeys(
  changes: readonly Change[],
  jobs: ReadonlyMap<string, ChangingJob>,
  locked: readonly TurnKey[],
): void {
  const names = new Set(locked.map(turnName));
  const needed = changes.flatMap((change) => {
    const job = jobs.get(change.jobId);
    return job !== undefined && endsTurn(change, job) && !names.has(turnName(job.key!)) ? [job.key!] : [];
  });
  if (needed.length > 0) throw new KeysNeeded(needed);
}

function endsTurn({ patch }: Change, { key, hasTurn }: ChangingJob): boolean {
  return key !== undefined && hasTurn && patch.status !== undefined && isTerminal(patch.status);
}

function apply(change: Change, job: ChangingJob | undefined, events: EventBatch): CommitResult {
  if (job === undefined || !holds(change.guard, job)) return GUARD_FAILED;
  const { patch } = change;
  if (endsTurn(change, job)) job.endsTurn = true;
  events.append(change.events, { job: job.number, seq: job.lastSeq + 1 });
  job.lastSeq += change.events.length;
  job.updatedAt = change.at;
  job.status = patch.status ?? job.status;
  job.isCancelRequested ||= patch.cancelRequestedBy !== undefined;
  if (patch.releaseLease === true) {
    job.leaseToken = null;
    job.leaseExpiresAt = null;
  }
  job.patch = { ...job.patch, ...patch };
  return { outcome: "committed", lastSeq: job.lastSeq };
}

function holds({ status, leaseToken, cancelRequested, lastSeq, leaseExpiredAt }: Guard, job: ChangingJob): boolean {
  return (
    status === job.status &&
    (leaseToken === undefined || leaseToken === job.leaseToken) && // a late worker must not write into a lease given to another
    (cancelRequested === undefined || cancelRequested === job.isCancelRequested) &&
    (lastSeq === undefined || lastSeq === job.lastSeq) &&
    // A heartbeat that came in between wins.
    (leaseExpiredAt === undefined || (job.leaseExpiresAt !== null && job.leaseExpiresAt <= leaseExpiredAt))
  );
}

async function writeJobs(transaction: Transaction, jobs: Iterable<ChangingJob>): Promise<void> {
  const rows: UpdateJobs[] = [];
  for (const job of jobs) {
    if (job.patch === undefined) continue;
    rows.push(toUpdate(job, job.patch));
    job.patch = undefined;
    job.endsTurn = false;
  }
  if (rows.length > 0) await transaction.run(updateJobs, columnsOf(rows, UPDATE_COLUMNS));
}

function toUpdate({ number, status, lastSeq, updatedAt, endsTurn: leaves }: ChangingJob, patch: JobPatch): UpdateJobs {
  return [
    number,
    status,
    patch.readiness !== undefined,
    patch.readiness ?? null,
    patch.attempt ?? null,
    patch.runAt ?? null,
    patch.releaseLease === true,
    leaves,
    patch.cancelRequestedBy ?? null,
    fromJson(patch.progress),
    patch.result === undefined ? null : payloadFormat(patch.result),
    ...bodyOf(patch.result ?? null),
    fromJson(patch.error),
    patch.completedAt ?? null,
    patch.purgeAt ?? null,
    patch.undoSteps === undefined ? null : JSON.stringify(patch.undoSteps),
    lastSeq,
    updatedAt,
  ];
}
