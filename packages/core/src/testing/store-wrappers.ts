// The memory store with one thing about it that is different.
import { AppError } from "../errors.js";
import type { JobStore } from "../store/job-store.js";
import type { Store } from "../store/store.js";

/** Replaces methods of the job store; each gets the original ones. */
export function withJobs(store: Store, change: (jobs: JobStore) => Partial<JobStore>): Store {
  return { ...store, jobs: { ...store.jobs, ...change(store.jobs) } };
}

/** A store that can be taken away and brought back. */
export function createOutage(): { readonly begin: () => void; readonly end: () => void; wrap(store: Store): Store } {
  let away = false;
  const guarded = <T extends object>(room: T): T =>
    new Proxy(room, {
      get(target, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value !== "function") return value;
        return (...values: unknown[]) =>
          away
            ? Promise.reject(new AppError("store_unavailable", { message: "The store is away.", retryAfterMs: 1_000 }))
            : (value as (...all: unknown[]) => unknown).apply(target, values);
      },
    });
  return {
    begin: () => {
      away = true;
    },
    end: () => {
      away = false;
    },
    wrap: (store) => ({
      ...store,
      jobs: guarded(store.jobs),
      events: guarded(store.events),
      logs: guarded(store.logs),
    }),
  };
}
