// Coalesced hints: who should look again. A lost hint costs latency, never correctness (invariant I5).
//
// 1. Writers of this process say what they committed; waiters on that job are woken at once.
// 2. What other processes commit arrives as one vague hint of the store; then, and rarely without any hint, all waiting
//    jobs of this process are looked up in one statement.
// 3. A waiter raises its flag before it reads and waits after it: a hint in between is kept, not lost.
import type { Clock } from "../clock.js";
import type { JobId } from "../job/job.js";
import type { Logger } from "../logger.js";
import type { Store } from "../store/store.js";

export interface JobWaiter {
  /** Say how far the caller has read, before reading on. */
  reading(after: number): void;
  /** Say how far the caller has come by what it just read; hints that came meanwhile are kept. */
  hasRead(after: number): void;
  /** Resolves when the job may have moved beyond that, when the signal fires, or by `wake`. */
  moved(signal?: AbortSignal): Promise<void>;
  /** Resolves whoever waits in `moved` now, or next. */
  wake(): void;
  close(): void;
}

export interface JobListener {
  /**
   * The job may have moved.
   *
   * @param lastSeq Beyond any number where the job has gone, or where nothing will be hinted at any more.
   * @param mayHaveEnded `false`: it lives on.
   */
  jobMoved(lastSeq: number, mayHaveEnded: boolean): void;
}

export interface Wakeups {
  /** A change of this job was committed by this process, and the job lives on. */
  jobMoved(jobId: JobId, lastSeq: number): void;
  /** A change of this job was committed by this process, and the job may have ended, or gone. */
  jobEnded(jobId: JobId, lastSeq: number): void;
  /** Jobs were inserted, ready or not: nobody follows one of them yet, but the log of all has grown. */
  jobsInserted(): void;
  /** Jobs of the type may have become ready; without a type, jobs of any type. */
  workAppeared(type?: string): void;
  /** A job waits until this instant. */
  delayedUntil(runAt: number): void;
  /** Somebody wishes this running job to be cancelled. */
  cancelRequested(jobId: JobId): void;

  /** @param options.until Which moves the waiter is woken for, at least: any, or those that may have ended the job. Default: `move`. */
  waitOn(jobId: JobId, options?: { until?: "move" | "end" }): JobWaiter;
  /** For whoever listens for long, and judges by itself whether a hint is news. */
  watchJob(jobId: JobId, listener: JobListener): void;
  unwatchJob(jobId: JobId, listener: JobListener): void;
  /** @returns ends the listening. */
  onWork(listener: (type: string | undefined) => void): () => void;
  onDelay(listener: (runAt: number) => void): () => void;
  onCancel(listener: (jobId: JobId) => void): () => void;
  /** Something was committed, here or elsewhere; also once a second without any hint, and at the stop. */
  onCommit(listener: () => void): () => void;
  /** Another process has committed something. */
  onForeignCommit(listener: () => void): () => void;

  /** Nothing will be hinted at any more: whoever waits now would wait for ever. */
  readonly isStopped: boolean;
  /** Ends the watching; waiters are woken. */
  stop(): void;
}

interface Slot extends JobWaiter, JobListener {
  after: number;
  hinted: boolean;
  resolve: (() => void) | undefined;
}

/** How often waiting jobs are looked up without any hint: rare, because hints nearly always come. */
const POLL_EVERY_MS = 1_000;

/** A hundred jobs are looked up in about a fifth of a millisecond: with this rest it stays a fifth of the time. */
const LOOKED_UP_PER_MS = 100;

export interface WakeupsDependencies {
  store: Store;
  clock: Clock;
  logger: Logger;
}

export function createWakeups({ store, clock, logger }: WakeupsDependencies): Wakeups {
  const watched = new Map<JobId, Set<JobListener>>();
  const workListeners = new Set<(type: string | undefined) => void>();
  const delayListeners = new Set<(runAt: number) => void>();
  const cancelListeners = new Set<(jobId: JobId) => void>();
  const foreignListeners = new Set<() => void>();
  const commitListeners = new Set<() => void>();
  let unwatch: (() => void) | undefined;
  let cancelPoll: (() => void) | undefined;
  let endRest: (() => void) | undefined;
  let stopped = false;
  let looking = false;
  let lookAgain = false;

  const committed = () => {
    for (const listener of commitListeners) listener();
  };

  const tell = (jobId: JobId, lastSeq: number, mayHaveEnded: boolean) => {
    const listeners = watched.get(jobId);
    if (listeners !== undefined) for (const listener of listeners) listener.jobMoved(lastSeq, mayHaveEnded);
  };

  /** Between two look-ups, so that another process's steady commits do not keep this one busy with ten thousand followers. */
  const rest = (ms: number) =>
    new Promise<void>((resolve) => {
      if (ms === 0 || stopped) return resolve();
      endRest = clock.after(ms, resolve);
    });

  const lookUp = async () => {
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    try {
      do {
        lookAgain = false;
        if (watched.size === 0) break;
        const jobIds = [...watched.keys()];
        const lastSeqs = await store.events.lastSeqs(jobIds);
        for (const jobId of jobIds) {
          const lastSeq = lastSeqs.get(jobId);
          // A job that is gone wakes its waiters too: they find out and say so.
          tell(jobId, lastSeq ?? Number.POSITIVE_INFINITY, true);
        }
        if (lookAgain) await rest(Math.floor(jobIds.length / LOOKED_UP_PER_MS));
      } while (lookAgain);
    } catch (error) {
      logger.warn({ err: error }, "looking up the jobs that somebody waits for failed; it is tried again");
    } finally {
      looking = false;
    }
  };

  const foreignCommit = () => {
    if (watched.size > 0) void lookUp();
    for (const listener of foreignListeners) listener();
    committed();
  };

  const poll = () => {
    cancelPoll = clock.after(POLL_EVERY_MS, () => {
      cancelPoll = undefined;
      if (watched.size === 0 && commitListeners.size === 0) return;
      void lookUp();
      committed();
      poll();
    });
  };

  // The store looks for foreign commits only while somebody here would care.
  const watchIfNeeded = () => {
    if (stopped) return;
    const needed = watched.size + commitListeners.size + foreignListeners.size > 0;
    if (needed && unwatch === undefined) unwatch = store.watch(foreignCommit);
    if (!needed && unwatch !== undefined) {
      unwatch();
      unwatch = undefined;
    }
    if (watched.size + commitListeners.size > 0 && cancelPoll === undefined) poll();
  };

  const listen = <T>(listeners: Set<T>, listener: T) => {
    listeners.add(listener);
    watchIfNeeded();
    return () => {
      listeners.delete(listener);
      watchIfNeeded();
    };
  };

  const waitOn: Wakeups["waitOn"] = (jobId, { until = "move" } = {}) => {
    const hint = () => {
      slot.hinted = true;
      slot.resolve?.();
    };
    const slot: Slot = {
      after: 0,
      hinted: false,
      resolve: undefined,
      reading(after) {
        slot.after = after;
        slot.hinted = false;
      },
      hasRead(after) {
        slot.after = after;
      },
      jobMoved(lastSeq, mayHaveEnded) {
        if (lastSeq > slot.after && (mayHaveEnded || until === "move")) hint();
      },
      moved: (signal) => waitForHint(slot, signal),
      wake: hint,
      close: () => unwatchJob(jobId, slot),
    };
    watchJob(jobId, slot);
    return slot;
  };

  const watchJob = (jobId: JobId, listener: JobListener) => {
    const listeners = watched.get(jobId);
    if (listeners === undefined) watched.set(jobId, new Set([listener]));
    else listeners.add(listener);
    watchIfNeeded();
  };

  const unwatchJob = (jobId: JobId, listener: JobListener) => {
    const listeners = watched.get(jobId);
    if (listeners?.delete(listener) && listeners.size === 0) watched.delete(jobId);
    watchIfNeeded();
  };

  return {
    jobMoved: (jobId, lastSeq) => {
      tell(jobId, lastSeq, false);
      committed();
    },
    jobEnded: (jobId, lastSeq) => {
      tell(jobId, lastSeq, true);
      committed();
    },
    jobsInserted: committed,
    workAppeared: (type) => {
      for (const listener of workListeners) listener(type);
    },
    delayedUntil: (runAt) => {
      for (const listener of delayListeners) listener(runAt);
    },
    cancelRequested: (jobId) => {
      for (const listener of cancelListeners) listener(jobId);
    },
    waitOn,
    watchJob,
    unwatchJob,
    onWork: (listener) => listen(workListeners, listener),
    onDelay: (listener) => listen(delayListeners, listener),
    onCancel: (listener) => listen(cancelListeners, listener),
    onCommit: (listener) => listen(commitListeners, listener),
    onForeignCommit: (listener) => listen(foreignListeners, listener),
    get isStopped() {
      return stopped;
    },
    stop() {
      stopped = true;
      cancelPoll?.();
      cancelPoll = undefined;
      endRest?.();
      unwatch?.();
      unwatch = undefined;
      for (const jobId of [...watched.keys()]) tell(jobId, Number.POSITIVE_INFINITY, true);
      committed();
    },
  };
}

function waitForHint(slot: Slot, signal: AbortSignal | undefined): Promise<void> {
  if (slot.hinted || signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      slot.resolve = undefined;
      signal?.removeEventListener("abort", done);
      resolve();
    };
    slot.resolve = done;
    signal?.addEventListener("abort", done, { once: true });
  });
}
