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

/** @returns the job when it is terminal, when `until` holds, or when the time is up, the signal fires or the process stops. */
export async function waitForJob({ wakeups, clock }: WaitDependencies, jobId: JobId, options: WaitFor): Promise<Job> {
  const { read, timeoutMs, until, signal } = options;
  const enough = (job: Job) => isTerminal(job.status) || until?.(job) === true;
  let isOver = timeoutMs <= 0;
  // Before the first reading: a move in between is kept as a hint.
  const waiter = wakeups.waitOn(jobId, { until: until === undefined ? "end" : "move" });
  const stop = () => {
    isOver = true;
    waiter.wake();
  };
  let cancelTimer: (() => void) | undefined;
  try {
    for (;;) {
      const job = await read();
      waiter.hasRead(job.lastSeq);
      if (enough(job) || isOver || signal?.aborted || wakeups.isStopped) return job;
      if (cancelTimer === undefined) {
        cancelTimer = clock.after(timeoutMs, stop);
        signal?.addEventListener("abort", stop, { once: true });
      }
      await waiter.moved();
      waiter.reading(job.lastSeq);
    }
  } finally {
    waiter.close();
    cancelTimer?.();
    signal?.removeEventListener("abort", stop);
  }
}
