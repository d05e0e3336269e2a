// Follows a job for as long as a component looks, and tells it of changes: what useSyncExternalStore wants.
import type { JobHandle } from "@meanwhile/client";
import { type JobState, stateAfter, stateAfterFault, stateOfJob, UNKNOWN } from "./job-state.js";

export interface JobStore<Result> {
  /** The same object until something has changed. */
  snapshot(): JobState<Result>;
  /** The first who looks starts it, the last who leaves ends it. @returns takes the listener away. */
  subscribe(listener: () => void): () => void;
}

export function createJobStore<Result>(
  handle: JobHandle<Result> | undefined,
  { keepsEvents }: { keepsEvents: boolean },
): JobStore<Result> {
  let state: JobState<Result> = handle?.last === undefined || keepsEvents ? UNKNOWN : stateOfJob(handle.last);
  let shown = state;
  let cursor = keepsEvents ? 0 : handle?.last?.lastSeq;
  let flushing: ReturnType<typeof setTimeout> | undefined;
  let running: AbortController | undefined;
  const listeners = new Set<() => void>();

  const flush = () => {
    flushing = undefined;
    shown = state;
    for (const listener of [...listeners]) listener();
  };

  /** Events come in bursts; components draw once for each. */
  const change = (next: JobState<Result>) => {
    state = next;
    flushing ??= setTimeout(flush, 0);
  };

  const run = async (job: JobHandle<Result>, signal: AbortSignal) => {
    try {
      if (cursor === undefined) {
        const now = await job.get({ signal });
        cursor = now.lastSeq;
        change(stateOfJob(now));
      }
      if (state.isDone) return;
      for await (const event of job.events({ after: cursor, signal })) {
        if (signal.aborted) return;
        cursor = event.seq;
        change(stateAfter(state, event, { keepsEvents }));
      }
    } catch (error) {
      if (signal.aborted) return;
      change(stateAfterFault(state, error instanceof Error ? error : new Error(String(error))));
    }
  };

  const start = () => {
    if (handle === undefined || running !== undefined || state.isDone) return;
    running = new AbortController();
    void run(handle, running.signal);
  };

  const stop = () => {
    if (listeners.size > 0) return;
    running?.abort();
    running = undefined;
    clearTimeout(flushing);
    flushing = undefined;
    shown = state;
  };

  return {
    snapshot: () => shown,
    subscribe(listener) {
      listeners.add(listener);
      start();
      return () => {
        listeners.delete(listener);
        // StrictMode leaves and comes back within one turn: the connection outlives that.
        queueMicrotask(stop);
      };
    },
  };
}
