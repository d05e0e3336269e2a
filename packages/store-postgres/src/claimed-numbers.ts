// The numbers of jobs that this process was given leases of: a number never changes, so that whoever settles need not look it up.
import type { JobId } from "@meanwhile/core";

export interface ClaimedNumbers {
  add(jobId: JobId, number: number): void;
  find(jobId: JobId): number | undefined;
  /** The job has ended: nobody here will ask again. */
  forget(jobId: JobId): void;
}

/** More than a worker ever holds; what is forgotten early is looked up. */
const MOST = 20_000;

export function createClaimedNumbers(): ClaimedNumbers {
  const numbers = new Map<JobId, number>();
  return {
    add(jobId, number) {
      // The oldest are those that nobody settled here: their leases were lost.
      if (numbers.size >= MOST) numbers.delete(numbers.keys().next().value!);
      numbers.set(jobId, number);
    },
    find: (jobId) => numbers.get(jobId),
    forget: (jobId) => void numbers.delete(jobId),
  };
}
