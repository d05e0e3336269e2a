// Hints between processes: one NOTIFY per batch, sent after its commit, and one connection per process that listens (invariant I5).
//
// 1. A NOTIFY inside the batch's own transaction would make all commits of the server wait for each other. Behind it, and joined
//    with those of other batches that end meanwhile, it costs next to nothing; a process that dies in between loses a hint.
// 2. The listening connection exists while somebody watches. When it breaks, another one is opened after a pause that grows;
//    then everybody is told, as anything may have happened.
import { randomUUID } from "node:crypto";
import type { Clock } from "@meanwhile/core";
import pg from "pg";
import type { Database } from "./database.js";
import { notifyProcesses } from "./statements/notify-processes.js";

export interface Wakeups {
  add(listener: () => void): () => void;
  close(): Promise<void>;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

export function createWakeups(
  database: Database,
  { config, channel, clock }: { config: pg.ClientConfig; channel: string; clock: Clock },
): Wakeups {
  /** By it a process knows its own hints. */
  const self = randomUUID();
  const listeners = new Set<{ readonly call: () => void }>();
  let sending: Promise<void> | undefined;
  let mustSend = false;
  let client: pg.Client | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  let cancelPause: (() => void) | undefined;
  let isClosed = false;

  const send = async (): Promise<void> => {
    while (mustSend && !isClosed) {
      mustSend = false;
      // A hint may be lost (invariant I5); whatever is wrong, the next read or write says so.
      await database.list(notifyProcesses, [channel, self]).catch(() => {});
    }
    sending = undefined;
  };

  database.onWrite(() => {
    mustSend = true;
    sending ??= send();
  });

  const tell = (): void => {
    for (const { call } of [...listeners]) call();
  };

  const connect = (): void => {
    cancelPause = undefined;
    const opened = new pg.Client({ ...config, application_name: `${config.application_name} (listening)` });
    client = opened;
    let isLost = false;
    const lose = (): void => {
      if (isLost) return;
      isLost = true;
      void opened.end().catch(() => {});
      if (client !== opened) return;
      client = undefined;
      if (isClosed || listeners.size === 0) return;
      cancelPause = clock.after(pauseMs, connect);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    };
    opened.on("error", lose);
    opened.on("end", lose);
    opened.on("notification", ({ payload }) => {
      if (payload !== self) tell();
    });
    opened
      .connect()
      .then(() => opened.query(`listen "${channel}"`))
      .then(() => {
        pauseMs = FIRST_PAUSE_MS;
        tell();
      })
      .catch(lose);
  };

  const disconnect = async (): Promise<void> => {
    cancelPause?.();
    cancelPause = undefined;
    const open = client;
    client = undefined;
    await open?.end().catch(() => {});
  };

  return {
    add(call) {
      const listener = { call };
      listeners.add(listener);
      if (client === undefined && cancelPause === undefined && !isClosed) connect();
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) void disconnect();
      };
    },
    async close() {
      isClosed = true;
      listeners.clear();
      await disconnect();
      await sending;
    },
  };
}
