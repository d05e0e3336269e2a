// What this process has leased and not settled: with it a settlement needs no look at the row before it is written.
//
// It is a hint and never the truth: whoever uses it names all of it in the `where` of the write, and reads the row where
// the write misses. What rolls back, or is changed by another process, makes it miss.
import type { JobId } from "@meanwhile/core";

export interface ClaimedFacts {
  readonly number: number;
  readonly leaseToken: string;
  /** The last one drawn, as far as this process knows. */
  lastSeq: number;
}

export interface ClaimedJobs {
  add(jobId: JobId, facts: ClaimedFacts): void;
  find(jobId: JobId): ClaimedFacts | undefined;
  /** Settled, or no longer known well enough. */
  forget(jobId: JobId): void;
}

/** Twice what a worker holds. Leases that are lost are never settled here: the oldest ones make room. */
const MOST_KEPT = 10_000;

export function createClaimedJobs(): ClaimedJobs {
  const kept = new Map<JobId, ClaimedFacts>();
  return {
    add(jobId, facts) {
      kept.set(jobId, facts);
      if (kept.size <= MOST_KEPT) return;
      for (const oldest of kept.keys()) {
        kept.delete(oldest);
        break;
      }
    },
    find: (jobId) => kept.get(jobId),
    forget: (jobId) => void kept.delete(jobId),
  };
}
