// What a worker of this process was allowed to write: one line each, kept where kill -9 cannot take it.
import { openSync, writeSync } from "node:fs";
import type { Change, Store } from "@meanwhile/core";
import { isTerminal } from "@meanwhile/protocol";

export interface JournalEntry {
  readonly jobId: string;
  /** The highest `seq` that the change drew. */
  readonly lastSeq: number;
  /** The lease that the writer named. */
  readonly leaseToken: string;
}

/** The same store; every committed change that named a lease is noted in the file. */
export function withJournal(store: Store, { file, settled }: { file: string; settled(): void }): Store {
  const journal = openSync(file, "a");
  const note = (change: Change, lastSeq: number) => {
    const { leaseToken, leaseExpiredAt } = change.guard;
    // The chore that ends overdue leases names them too, and holds none.
    if (leaseToken === undefined || leaseExpiredAt !== undefined || change.events.length === 0) return;
    const entry: JournalEntry = { jobId: change.jobId, lastSeq, leaseToken };
    writeSync(journal, `${JSON.stringify(entry)}\n`);
  };
  return {
    ...store,
    jobs: {
      ...store.jobs,
      async commit(changes, options) {
        const results = await store.jobs.commit(changes, options);
        for (const { patch } of changes) {
          if (patch.status !== undefined && isTerminal(patch.status)) settled();
        }
        for (const [index, result] of results.entries()) {
          if (result.outcome === "committed") note(changes[index]!, result.lastSeq);
        }
        return results;
      },
    },
  };
}
