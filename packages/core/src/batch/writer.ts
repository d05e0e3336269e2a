// The one way by which this process writes jobs: batched, and followed by hints to whoever waits (invariant I1).
import { isTerminal } from "@meanwhile/protocol";
import type { Clock } from "../clock.js";
import type { Catalog } from "../definition/catalog.js";
import type { Wakeups } from "../event/wakeups.js";
import type { Change } from "../job/change.js";
import type { CommitResult, InsertGroup, InsertResult, UserStatement } from "../store/job-store.js";
import type { Store } from "../store/store.js";
import type { OpenTransaction } from "../store/transaction-store.js";
import { type Coalescer, createCoalescer, type Done } from "./coalesce.js";

export interface Writer {
  insert(group: InsertGroup): Promise<InsertResult>;
  commit(change: Change, options: WriteOptions): Promise<CommitResult>;
  /** `commit` without a promise, for a worker's most frequent write. */
  enqueue(change: Change, type: string, done: Done<CommitResult>): void;
  /** Resolves when nothing is waiting to be written. */
  idle(): Promise<void>;
}

export interface WriteOptions {
  /** The job's type, for the hint that work has appeared. */
  readonly type: string;
  /** Committed together with the change. */
  readonly userStatements?: readonly UserStatement[];
  /** In which the handler has written; ended by this. */
  readonly transaction?: OpenTransaction | undefined;
}

interface TypedChange {
  readonly change: Change;
  readonly type: string;
}

export interface WriterDependencies {
  store: Store;
  clock: Clock;
  wakeups: Wakeups;
  catalog: Catalog;
}

export function createWriter({ store, clock, wakeups, catalog }: WriterDependencies): Writer {
  const isLimited = (type: string): boolean => (catalog.find(type)?.globalConcurrency ?? null) !== null;
  const inserts: Coalescer<InsertGroup, InsertResult> = createCoalescer({
    clock,
    run: async (groups) => {
      const results = await store.jobs.insert(groups);
      hintInserted(groups, results);
      return results;
    },
  });
  const changes: Coalescer<TypedChange, CommitResult> = createCoalescer({
    clock,
    keyOf: ({ change }) => change.jobId,
    run: async (items) => {
      const results = await store.jobs.commit(items.map(({ change }) => change));
      for (let index = 0; index < items.length; index++) hintCommitted(items[index]!, results[index]!);
      return results;
    },
  });

  /** One hint per type and batch, however many jobs there were. */
  const hintInserted = (groups: readonly InsertGroup[], results: readonly InsertResult[]) => {
    const types = new Set<string>();
    for (let index = 0; index < groups.length; index++) {
      const result = results[index]!;
      if (result.outcome !== "stored") continue;
      for (let place = 0; place < result.items.length; place++) {
        if (result.items[place]!.outcome !== "created") continue;
        const { job } = groups[index]![place]!;
        if (job.readiness === "ready") types.add(job.type);
        else if (job.readiness === "delayed") wakeups.delayedUntil(job.runAt);
      }
    }
    for (const type of types) wakeups.workAppeared(type);
    wakeups.jobsInserted();
  };

  const hintCommitted = ({ change, type }: TypedChange, result: CommitResult) => {
    if (result.outcome !== "committed") return;
    const { status } = change.patch;
    if (status !== undefined && isTerminal(status)) wakeups.jobEnded(change.jobId, result.lastSeq);
    else if (change.events.length > 0) wakeups.jobMoved(change.jobId, result.lastSeq);
    // Where leases of the type are counted, one that ends lets the next job start.
    const makesRoom = change.patch.releaseLease === true && isLimited(type);
    if (change.patch.readiness === "ready" || makesRoom) wakeups.workAppeared(type);
    if (result.readiedType !== undefined) wakeups.workAppeared(result.readiedType);
    if (change.patch.readiness === "delayed" && change.patch.runAt !== undefined)
      wakeups.delayedUntil(change.patch.runAt);
  };

  return {
    insert: (group) => inserts.add(group),
    async commit(change, { type, userStatements = [], transaction }) {
      if (transaction === undefined && userStatements.length === 0) return changes.add({ change, type });
      const [result] = await (transaction ?? store.jobs).commit([change], { userStatements });
      hintCommitted({ change, type }, result!);
      return result!;
    },
    enqueue: (change, type, done) => changes.enqueue({ change, type }, done),
    async idle() {
      await inserts.idle();
      await changes.idle();
    },
  };
}
