// Runs the synchronous store for asynchronous callers, and waits without blocking where another process is writing.
//
// 1. Work runs at once, in the caller's turn of the event loop, as long as nobody has to wait.
// 2. Who finds the file locked waits by timer and tries again; SQLite itself waits for a few milliseconds only.
// 3. Writes behind a waiting write wait behind it: their order is the order of the calls.
// 4. Nobody waits longer than `busyTimeoutMs`, which also bounds the queue.
import type { Clock } from "@meanwhile/core";
import { isBusy, toStoreError, unavailable } from "./errors.js";

export interface WorkQueue {
  read<T>(work: () => T): Promise<T>;
  write<T>(work: () => T): Promise<T>;
  /** Refuses new work, and waits for what waits. */
  close(): Promise<void>;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly file: string;
  readonly busyTimeoutMs: number;
}

interface WaitingWork {
  readonly deadline: number;
  /** @returns `false` where the file is still locked. */
  attempt(isLast: boolean): boolean;
}

/** Another process's transaction takes about as long; doubled up to the last one. */
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 32;

export function createWorkQueue({ clock, file, busyTimeoutMs }: WorkQueueOptions): WorkQueue {
  const writes: WaitingWork[] = [];
  let waitingReads = 0;
  let closed = false;
  const onIdle: (() => void)[] = [];

  const settled = (): void => {
    if (writes.length === 0 && waitingReads === 0) for (const resolve of onIdle.splice(0)) resolve();
  };

  const waiting = <T>(work: () => T): { entry: WaitingWork; outcome: Promise<T> } => {
    const { promise: outcome, resolve, reject } = withResolvers<T>();
    const attempt = (isLast: boolean): boolean => {
      try {
        resolve(work());
        return true;
      } catch (error) {
        if (isBusy(error) && !isLast) return false;
        reject(toStoreError(error, file));
        return true;
      }
    };
    return { entry: { deadline: clock.now() + busyTimeoutMs, attempt }, outcome };
  };

  const drain = (waitMs: number): void => {
    clock.after(waitMs, () => {
      for (let first = writes[0]; first !== undefined; first = writes[0]) {
        if (!first.attempt(clock.now() >= first.deadline)) return drain(Math.min(waitMs * 2, LONGEST_WAIT_MS));
        writes.shift();
      }
      settled();
    });
  };

  const retryRead = (entry: WaitingWork, waitMs: number): void => {
    clock.after(waitMs, () => {
      if (!entry.attempt(clock.now() >= entry.deadline)) return retryRead(entry, Math.min(waitMs * 2, LONGEST_WAIT_MS));
      waitingReads--;
      settled();
    });
  };

  return {
    async read(work) {
      if (closed) throw isClosed(file);
      try {
        return work();
      } catch (error) {
        if (!isBusy(error)) throw toStoreError(error, file);
      }
      const { entry, outcome } = waiting(work);
      waitingReads++;
      retryRead(entry, FIRST_WAIT_MS);
      return outcome;
    },

    async write(work) {
      if (closed) throw isClosed(file);
      if (writes.length === 0) {
        try {
          return work();
        } catch (error) {
          if (!isBusy(error)) throw toStoreError(error, file);
        }
      }
      const { entry, outcome } = waiting(work);
      if (writes.push(entry) === 1) drain(FIRST_WAIT_MS);
      return outcome;
    },

    async close() {
      closed = true;
      if (writes.length === 0 && waitingReads === 0) return;
      await new Promise<void>((resolve) => {
        onIdle.push(resolve);
      });
    },
  };
}

function isClosed(file: string): Error {
  return unavailable(`The store on "${file}" is closed.`);
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
