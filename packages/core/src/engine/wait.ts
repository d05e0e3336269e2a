// Waiting for a job: long polling without a poll.
import { isTerminal } from "@meanwhile/protocol";
import type { Clock } from "../clock.js";
import type { Wakeups } from "../event/wakeups.js";
import type { Job, JobId } from "../job/job.js";
import type { WaitOptions } from "./engine.js";

export interface WaitDependencies {
  wakeups: Wakeups;
  clock: Clock;
}

export interface WaitFor extends Omit<WaitOptions, "principal"> {
  /** Reads the job as the caller may see it. */
  read(): Promise<Job>;
}

/** @returns the job when it is terminal, has moved beyond `changedFrom`, or when the time is up, the signal fires or the process stops. */
export async function waitForJob({ wakeups, clock }: WaitDependencies, jobId: JobId, options: WaitFor): Promise<Job> {
  const { read, timeoutMs, changedFrom, signal } = options;
  const enough = (job: Job) => isTerminal(job.status) || (changedFrom !== undefined && job.lastSeq !== changedFrom);
  const end = new AbortController();
  const stop = () => end.abort();
  // Before the first reading: a move in between is kept as a hint.
  const waiter = wakeups.waitOn(jobId);
  let cancelTimer: (() => void) | undefined;
  try {
    for (;;) {
      const job = await read();
      waiter.hasRead(job.lastSeq);
      if (enough(job) || timeoutMs <= 0 || signal?.aborted || end.signal.aborted || wakeups.isStopped) return job;
      if (cancelTimer === undefined) {
        cancelTimer = clock.after(timeoutMs, stop);
        signal?.addEventListener("abort", stop, { once: true });
      }
      await waiter.moved(end.signal);
      waiter.reading(job.lastSeq);
    }
  } finally {
    waiter.close();
    cancelTimer?.();
    signal?.removeEventListener("abort", stop);
  }
}
