// Notices that another process has committed: SQLite counts foreign commits, and telling the count is nearly free.
import type { Clock } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import { readDataVersion } from "./statements/read-data-version.js";

export interface Watch {
  add(listener: () => void): () => void;
  close(): void;
}

/** Looks only while somebody watches. */
export function createWatch(connection: Connection, { clock, everyMs }: { clock: Clock; everyMs: number }): Watch {
  const dataVersion = connection.query(readDataVersion);
  const listeners = new Set<{ readonly call: () => void }>();
  let lastVersion = 0;
  let cancelTimer: (() => void) | undefined;

  const read = (): number => {
    try {
      return dataVersion.find([])![0];
    } catch {
      // A hint may be lost (invariant I5); whatever is wrong with the file, the next read or write says so.
      return lastVersion;
    }
  };

  const look = (): void => {
    const version = read();
    const changed = version !== lastVersion;
    lastVersion = version;
    cancelTimer = clock.after(everyMs, look);
    if (changed) for (const { call } of [...listeners]) call();
  };

  const stop = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
  };

  return {
    add(call) {
      const listener = { call };
      listeners.add(listener);
      if (cancelTimer === undefined) {
        lastVersion = read();
        cancelTimer = clock.after(everyMs, look);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) stop();
      };
    },
    close() {
      listeners.clear();
      stop();
    },
  };
}
