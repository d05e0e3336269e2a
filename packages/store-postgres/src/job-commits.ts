// Applies changes: guard, row and events of each together (invariants I1, I4), all of them in one transaction.
//
// 0. Changes of this process's own leases, one event or two each, are judged and written by one statement; what that leaves over, because
//    a guard missed, a turn is to be passed on, or a job is changed twice, goes the way below in the same transaction.
// 1. The queues of keys that a change may end are locked, then the rows, both sorted. A key becomes known by its row: where that
//    shows one that is not locked, the transaction begins again and takes it first.
// 2. With the rows locked, the guards are judged here, change by change in their order; each job's changes become one update.
// 3. A turn that ends is passed on at once where the next change could tell the difference.
// 4. What became ready draws its place when all else is done, in the order of the changes.
import type { Change, CommitOptions, CommitResult, Guard, JobPatch } from "@meanwhile/core";
import { isTerminal } from "@meanwhile/protocol";
import type { ClaimedNumbers } from "./claimed-numbers.js";
import { packedColumns } from "./columns.js";
import { isPlainCompletion, toCompletion } from "./completions.js";
import type { Database, Transaction, WriteOptions } from "./database.js";
import type { DeliveryWriter, Interest } from "./delivery-writer.js";
import { asNeighbour } from "./errors.js";
import { createEventBatch, type EventBatch, typesOf } from "./event-writer.js";
import { addFirstEvents, bodyOf, fromJson, payloadFormat } from "./rows.js";
import { COMPLETED_TYPES, completeJobs } from "./statements/complete-jobs.js";
import { type ChangingJobRow, lockChangingJobs } from "./statements/lock-changing-jobs.js";
import { MOVED_TYPES, type MoveLeasedJobs, moveLeasedJobs } from "./statements/move-leased-jobs.js";
import { placeJobs } from "./statements/place-jobs.js";
import { UPDATED_TYPES, type UpdateJobs, updateJobs } from "./statements/update-jobs.js";
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

export type JobCommits = ReturnType<typeof createJobCommits>;

export function createJobCommits(
  database: Database,
  { deliveries, numbers }: { deliveries: DeliveryWriter; numbers: ClaimedNumbers },
) {
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
                events = createEventBatch(deliveries);
                const { results, interest } = await applyAll(transaction, { changes, keys, events });
                const missed = results.some((result) => result?.outcome === "guard_failed");
                if (userStatements.length > 0 && missed) throw new GuardMiss();
                return { results: results as CommitResult[], queued: await events.store(transaction, interest) };
              },
              { isThere: async (session, xid) => events?.isThere(session, xid) },
            )
            .catch(asNeighbour(changes.length));
          if (queued) deliveries.hint();
          for (const { jobId, patch } of changes) if (patch.completedAt !== undefined) numbers.forget(jobId);
          return results;
        } catch (error) {
          if (error instanceof GuardMiss) return changes.map(() => GUARD_FAILED);
          if (!(error instanceof KeysNeeded)) throw error;
          keys = [...keys, ...error.keys];
        }
      }
    },

    /**
     * Applies changes at the end of a transaction that others have written in, and that can not begin again.
     *
     * @returns `undefined` where a guard has missed: then all of it must be rolled back.
     */
    async applyBehind(
      transaction: Transaction,
      changes: readonly Change[],
    ): Promise<{ results: readonly CommitResult[]; queued: boolean; isThere: WriteOptions["isThere"] } | undefined> {
      let keys: readonly TurnKey[] = [];
      for (;;) {
        await transaction.exec("savepoint meanwhile");
        const events = createEventBatch(deliveries);
        try {
          const { results, interest } = await applyAll(transaction, { changes, keys, events });
          if (results.some((result) => result?.outcome === "guard_failed")) return undefined;
          const queued = await events.store(transaction, interest);
          return {
            results: results as CommitResult[],
            queued,
            isThere: (session, xid) => events.isThere(session, xid),
          };
        } catch (error) {
          if (!(error instanceof KeysNeeded)) throw error;
          // Also lets go of the rows: queues are locked before them.
          await transaction.exec("rollback to savepoint meanwhile");
          keys = [...keys, ...error.keys];
        }
      }
    },

    /** The worker holds no lease of these any more. */
    forget(changes: readonly Change[]): void {
      for (const { jobId, patch } of changes) if (patch.completedAt !== undefined) numbers.forget(jobId);
    },
  };

  async function applyAll(
    transaction: Transaction,
    { changes, keys, events }: { changes: readonly Change[]; keys: readonly TurnKey[]; events: EventBatch },
  ): Promise<{ results: readonly (CommitResult | undefined)[]; interest: Interest }> {
    const readied: Readied = new Map();
    const { results, interest } = await moveAll(transaction, { changes, events, readied });
    await applyRest(transaction, { changes, results, keys, events, readied });
    await placeAll(transaction, readied);
    return { results, interest };
  }

  /** What one statement can judge and write. The results have holes where it could not. */
  async function moveAll(
    transaction: Transaction,
    { changes, events, readied }: { changes: readonly Change[]; events: EventBatch; readied: Readied },
  ): Promise<{ results: (CommitResult | undefined)[]; interest: Interest }> {
    const results: (CommitResult | undefined)[] = new Array(changes.length).fill(undefined);
    const moves = movesOf(changes, numbers);
    if (moves.length === 0) return { results, interest: [] };
    const [moved, interest] = await Promise.all([
      writeMoves(transaction, moves),
      deliveries.interestIn(transaction, typesOf(moves.flatMap(({ change }) => change.events))),
    ]);
    const lastSeqs = new Map(moved);
    for (const { number, change, index } of moves) {
      const lastSeq = lastSeqs.get(number);
      if (lastSeq === undefined) continue;
      results[index] = { outcome: "committed", lastSeq };
      if (change.patch.readiness === "ready") readied.set(index, number);
      events.stored(change.events, { job: number, seq: lastSeq - change.events.length + 1 });
    }
    return { results, interest };
  }

  /** Fills the holes. */
  async function applyRest(
    transaction: Transaction,
    {
      changes: all,
      results,
      keys,
      events,
      readied,
    }: {
      changes: readonly Change[];
      results: (CommitResult | undefined)[];
      keys: readonly TurnKey[];
      events: EventBatch;
      readied: Readied;
    },
  ): Promise<void> {
    const changes = all.filter((_, index) => results[index] === undefined);
    if (changes.length === 0) return;
    await lockQueues(transaction, keys);
    const jobs = await lockJobs(transaction, changes);
    requireKeys(changes, jobs, keys);
    /** Turns that ended and are not passed on yet, each with the place of its result. */
    const ended = new Map<string, { key: TurnKey; result: number }>();
    const flush = async (): Promise<void> => {
      await writeJobs(transaction, jobs.values());
      if (ended.size === 0) return;
      const passed = await passOn(
        transaction,
        [...ended.values()].map(({ key }) => key),
      );
      for (const [name, { result }] of ended) {
        const next = passed.get(name);
        if (next === undefined) continue;
        results[result] = { ...(results[result] as Committed), readiedType: next.type };
        readied.set(result, next.number);
      }
      ended.clear();
    };
    for (const [index, change] of all.entries()) {
      if (results[index] !== undefined) continue;
      const job = jobs.get(change.jobId);
      if (job !== undefined && endsTurn(change, job) && ended.has(turnName(job.key!))) await flush();
      const result = apply(change, job, events);
      results[index] = result;
      if (result.outcome === "committed" && change.patch.readiness === "ready") readied.set(index, job!.number);
      if (job?.endsTurn === true && job.hasTurn) {
        job.hasTurn = false;
        ended.set(turnName(job.key!), { key: job.key!, result: index });
      }
    }
    await flush();
  }
}

/** Numbers of jobs that became ready, each by the index of the change that did it. */
type Readied = Map<number, number>;

async function placeAll(transaction: Transaction, readied: Readied): Promise<void> {
  if (readied.size === 0) return;
  const inOrder = [...readied].sort(([a], [b]) => a - b).map(([, number]) => number);
  await transaction.run(placeJobs, [inOrder]);
}

/** A change that makes its job ready sends it to a new place, unless it says that it keeps the old one. */
const keepsPlace = ({ readiness, keepsPlace: keeps }: JobPatch): boolean => readiness !== "ready" || keeps === true;

interface Move {
  readonly number: number;
  readonly change: Change;
  /** Among all changes. */
  readonly index: number;
}

/** Those that hold a lease of this process, and are the only ones of their job; sorted, as all locks are. */
function movesOf(changes: readonly Change[], numbers: ClaimedNumbers): readonly Move[] {
  const moves: Move[] = [];
  const changed = new Map<string, number>();
  for (const { jobId } of changes) changed.set(jobId, (changed.get(jobId) ?? 0) + 1);
  for (const [index, change] of changes.entries()) {
    const { jobId, guard, events } = change;
    if (guard.leaseToken === undefined || guard.lastSeq !== undefined || guard.leaseExpiredAt !== undefined) continue;
    if (events.length > 2 || changed.get(jobId)! > 1) continue;
    const number = numbers.find(jobId);
    if (number !== undefined) moves.push({ number, change, index });
  }
  return moves.sort((a, b) => a.number - b.number);
}

function toMove(number: number, { guard, patch, events, at }: Change): MoveLeasedJobs {
  const [result, resultBytes] = bodyOf(patch.result ?? null);
  return [
    number,
    guard.status,
    guard.leaseToken!,
    guard.cancelRequested ?? null,
    events.length,
    patch.status ?? null,
    patch.readiness !== undefined,
    patch.readiness ?? null,
    keepsPlace(patch),
    patch.attempt ?? null,
    patch.runAt ?? null,
    patch.releaseLease === true,
    patch.cancelRequestedBy ?? null,
    fromJson(patch.progress),
    patch.result === undefined ? null : payloadFormat(patch.result),
    result,
    resultBytes,
    fromJson(patch.error),
    patch.completedAt ?? null,
    patch.purgeAt ?? null,
    patch.undoSteps === undefined ? null : JSON.stringify(patch.undoSteps),
    at,
  ];
}

/** In one statement, whichever it is: two of them would not lock the rows of both in their order. */
function writeMoves(
  transaction: Transaction,
  moves: readonly Move[],
): Promise<readonly (readonly [number: number, lastSeq: number])[]> {
  if (moves.every(({ change }) => isPlainCompletion(change))) {
    const rows = moves.map(({ number, change }) => toCompletion(number, change));
    return transaction.list(completeJobs, packedColumns(rows, COMPLETED_TYPES));
  }
  const rows = moves.map(({ number, change }) => addFirstEvents(toMove(number, change), change.events));
  return transaction.list(moveLeasedJobs, packedColumns(rows, MOVED_TYPES));
}

type Committed = CommitResult & { outcome: "committed" };

export const GUARD_FAILED: CommitResult = { outcome: "guard_failed" };

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
  if (rows.length > 0) await transaction.run(updateJobs, packedColumns(rows, UPDATED_TYPES));
}

function toUpdate({ number, status, lastSeq, updatedAt, endsTurn: leaves }: ChangingJob, patch: JobPatch): UpdateJobs {
  return [
    number,
    status,
    patch.readiness !== undefined,
    patch.readiness ?? null,
    keepsPlace(patch),
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
