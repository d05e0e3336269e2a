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
  /** Resolves when the job may have moved beyond that, or when the signal fires. */
  moved(signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface Wakeups {
  /** A change of this job was committed by this process. */
  jobMoved(jobId: JobId, lastSeq: number): void;
  /** Jobs of the type may have become ready; without a type, jobs of any type. */
  workAppeared(type?: string): void;
  /** A job waits until this instant. */
  delayedUntil(runAt: number): void;
  /** Somebody wishes this running job to be cancelled. */
  cancelRequested(jobId: JobId): void;

  waitOn(jobId: JobId): JobWaiter;
  /** @returns ends the listening. */
  onWork(listener: (type: string | undefined) => void): () => void;
  onDelay(listener: (runAt: number) => void): () => void;
  onCancel(listener: (jobId: JobId) => void): () => void;
  /** Another process has committed something. */
  onForeignCommit(listener: () => void): () => void;

  /** Nothing will be hinted at any more: whoever waits now would wait for ever. */
  readonly isStopped: boolean;
  /** Ends the watching; waiters are woken. */
  stop(): void;
}

interface Slot extends JobWaiter {
  readonly jobId: JobId;
  after: number;
  hinted: boolean;
  wake: (() => void) | undefined;
}

/** How often waiting jobs are looked up without any hint: rare, because hints nearly always come. */
const POLL_EVERY_MS = 1_000;

export interface WakeupsDependencies {
  store: Store;
  clock: Clock;
  logger: Logger;
}

export function createWakeups({ store, clock, logger }: WakeupsDependencies): Wakeups {
  const slots = new Map<JobId, Set<Slot>>();
  const workListeners = new Set<(type: string | undefined) => void>();
  const delayListeners = new Set<(runAt: number) => void>();
  const cancelListeners = new Set<(jobId: JobId) => void>();
  const foreignListeners = new Set<() => void>();
  let unwatch: (() => void) | undefined;
  let cancelPoll: (() => void) | undefined;
  let stopped = false;
  let looking = false;
  let lookAgain = false;

  const hint = (slot: Slot) => {
    slot.hinted = true;
    slot.wake?.();
  };

  const jobMoved = (jobId: JobId, lastSeq: number) => {
    const waiting = slots.get(jobId);
    if (waiting !== undefined) for (const slot of waiting) if (lastSeq > slot.after) hint(slot);
  };

  const lookUp = async () => {
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    try {
      do {
        lookAgain = false;
        if (slots.size === 0) break;
        const jobIds = [...slots.keys()];
        const lastSeqs = await store.events.lastSeqs(jobIds);
        for (const jobId of jobIds) {
          const lastSeq = lastSeqs.get(jobId);
          // A job that is gone wakes its waiters too: they find out and say so.
          jobMoved(jobId, lastSeq ?? Number.POSITIVE_INFINITY);
        }
      } while (lookAgain);
    } catch (error) {
      logger.warn({ err: error }, "looking up the jobs that somebody waits for failed; it is tried again");
    } finally {
      looking = false;
    }
  };

  const foreignCommit = () => {
    if (slots.size > 0) void lookUp();
    for (const listener of foreignListeners) listener();
  };

  const poll = () => {
    cancelPoll = clock.after(POLL_EVERY_MS, () => {
      cancelPoll = undefined;
      if (slots.size === 0) return;
      void lookUp();
      poll();
    });
  };

  // The store looks for foreign commits only while somebody here would care.
  const watchIfNeeded = () => {
    if (stopped) return;
    const needed = slots.size > 0 || foreignListeners.size > 0;
    if (needed && unwatch === undefined) unwatch = store.watch(foreignCommit);
    if (!needed && unwatch !== undefined) {
      unwatch();
      unwatch = undefined;
    }
    if (slots.size > 0 && cancelPoll === undefined) poll();
  };

  const listen = <T>(listeners: Set<T>, listener: T) => {
    listeners.add(listener);
    watchIfNeeded();
    return () => {
      listeners.delete(listener);
      watchIfNeeded();
    };
  };

  const waitOn = (jobId: JobId): JobWaiter => {
    const slot: Slot = {
      jobId,
      after: 0,
      hinted: false,
      wake: undefined,
      reading(after) {
        slot.after = after;
        slot.hinted = false;
      },
      hasRead(after) {
        slot.after = after;
      },
      moved: (signal) => waitForHint(slot, signal),
      close() {
        const waiting = slots.get(jobId);
        if (waiting?.delete(slot) && waiting.size === 0) slots.delete(jobId);
        watchIfNeeded();
      },
    };
    const waiting = slots.get(jobId);
    if (waiting === undefined) slots.set(jobId, new Set([slot]));
    else waiting.add(slot);
    watchIfNeeded();
    return slot;
  };

  return {
    jobMoved,
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
    onWork: (listener) => listen(workListeners, listener),
    onDelay: (listener) => listen(delayListeners, listener),
    onCancel: (listener) => listen(cancelListeners, listener),
    onForeignCommit: (listener) => listen(foreignListeners, listener),
    get isStopped() {
      return stopped;
    },
    stop() {
      stopped = true;
      cancelPoll?.();
      cancelPoll = undefined;
      unwatch?.();
      unwatch = undefined;
      for (const waiting of slots.values()) for (const slot of waiting) hint(slot);
    },
  };
}

function waitForHint(slot: Slot, signal: AbortSignal): Promise<void> {
  if (slot.hinted || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      slot.wake = undefined;
      signal.removeEventListener("abort", done);
      resolve();
    };
    slot.wake = done;
    signal.addEventListener("abort", done, { once: true });
  });
}
