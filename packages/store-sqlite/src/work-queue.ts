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
  /** @returns the error where the file is still locked. */
  attempt(): unknown;
  giveUp(error: unknown): void;
}

/** Another process's transaction takes about as long; doubled up to the last one. */
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 32;

export function createWorkQueue({ clock, file, busyTimeoutMs }: WorkQueueOptions): WorkQueue {
  const writes: WaitingWork[] = [];
  const reads = new Set<WaitingWork>();
  const onIdle: (() => void)[] = [];
  let closed = false;

  const settled = (): void => {
    if (writes.length > 0 || reads.size > 0) return;
    for (const resolve of onIdle.splice(0)) resolve();
  };

  const waiting = <T>(work: () => T): { entry: WaitingWork; outcome: Promise<T> } => {
    const { promise: outcome, resolve, reject } = withResolvers<T>();
    const attempt = (): unknown => {
      try {
        resolve(work());
      } catch (error) {
        if (isBusy(error)) return error;
        reject(toStoreError(error, file));
      }
      return undefined;
    };
    const giveUp = (error: unknown): void => reject(toStoreError(error, file));
    return { entry: { deadline: clock.now() + busyTimeoutMs, attempt, giveUp }, outcome };
  };

  const drain = (waitMs: number): void => {
    clock.after(waitMs, () => {
      for (let first = writes[0]; first !== undefined; first = writes[0]) {
        const locked = first.attempt();
        if (locked !== undefined) return postpone(locked, waitMs);
        writes.shift();
      }
      settled();
    });
  };

  // One attempt has told that the file is locked; those whose time is up need none of their own.
  const postpone = (locked: unknown, waitMs: number): void => {
    const now = clock.now();
    while (writes[0] !== undefined && writes[0].deadline <= now) writes.shift()?.giveUp(locked);
    if (writes.length > 0) drain(Math.min(waitMs * 2, LONGEST_WAIT_MS));
    else settled();
  };

  const retryRead = (entry: WaitingWork, waitMs: number): void => {
    clock.after(waitMs, () => {
      const locked = entry.attempt();
      if (locked !== undefined && clock.now() < entry.deadline) {
        return retryRead(entry, Math.min(waitMs * 2, LONGEST_WAIT_MS));
      }
      if (locked !== undefined) entry.giveUp(locked);
      reads.delete(entry);
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
      reads.add(entry);
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
      if (writes.length === 0 && reads.size === 0) return;
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
