// Waiting for a job: long polling without a poll.
import { isTerminal } from "@meanwhile/protocol";
import type { Clock } from "../clock.js";
import type { Wakeups } from "../event/wakeups.js";
import type { Job } from "../job/job.js";
import type { Store } from "../store/store.js";
import type { WaitOptions } from "./engine.js";
import { jobPurged } from "./refusals.js";

export interface WaitDependencies {
  store: Store;
  wakeups: Wakeups;
  clock: Clock;
}

/** @returns the job when it is terminal, has moved beyond `changedFrom`, or when the time is up, the signal fires or the process stops. */
export async function waitForJob(
  { store, wakeups, clock }: WaitDependencies,
  first: Job,
  options: WaitOptions,
): Promise<Job> {
  const { timeoutMs, changedFrom, signal } = options;
  const enough = (job: Job) => isTerminal(job.status) || (changedFrom !== undefined && job.lastSeq !== changedFrom);
  if (enough(first) || timeoutMs <= 0 || signal?.aborted) return first;
  const end = new AbortController();
  const stop = () => end.abort();
  const cancelTimer = clock.after(timeoutMs, stop);
  signal?.addEventListener("abort", stop, { once: true });
  const waiter = wakeups.waitOn(first.id);
  try {
    for (let job = first; ; ) {
      // Said before the reading: a move in between is kept as a hint.
      waiter.reading(job.lastSeq);
      const now = await store.jobs.find(first.id);
      if (now === undefined) throw jobPurged(first.id);
      if (enough(now) || end.signal.aborted || wakeups.isStopped) return now;
      job = now;
      await waiter.moved(end.signal);
    }
  } finally {
    waiter.close();
    cancelTimer();
    signal?.removeEventListener("abort", stop);
  }
}
