// The SQLite store on a thread of its own: the same port, every call a message.
//
// 1. Calls made in one turn of the event loop travel together, and so do their answers.
// 2. The store's thread works through the calls in their order; the main thread goes on meanwhile.
import { Worker } from "node:worker_threads";
import { AppError, type Store } from "@meanwhile/core";
import {
  type Answer,
  type Call,
  type FromThread,
  fromErrorRecord,
  pack,
  ROOM_METHODS,
  type RoomName,
  type ToThread,
  unpack,
} from "./messages.js";

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
}

export function createThreadHostedStore(options: { file: string }): Store {
  const { call, watch, ended } = startThread(options.file);
  const room = <Name extends RoomName>(name: Name): Store[Name] =>
    Object.fromEntries(
      ROOM_METHODS[name].map((method) => [
        method,
        (...values: unknown[]) => call({ room: name, method: String(method), values }),
      ]),
    ) as unknown as Store[Name];
  const ofStore = (method: "migrate" | "check" | "close") => call({ room: "store", method, values: [] });
  let closing: Promise<void> | undefined;
  return {
    name: `sqlite:${options.file}`,
    jobs: room("jobs"),
    events: room("events"),
    logs: room("logs"),
    files: room("files"),
    apiKeys: room("apiKeys"),
    secrets: room("secrets"),
    deliveries: {
      ...room("deliveries"),
      configure: (options) => void call({ room: "deliveries", method: "configure", values: [options] }),
      // Only a hint, of which this benchmark makes no use: nobody here sends anything.
      onQueued: () => () => {},
    },
    webhookEndpoints: room("webhookEndpoints"),
    // Both threads read the clock of the same machine.
    now: async () => Date.now(),
    watch,
    migrate: () => ofStore("migrate") as Promise<void>,
    check: () => ofStore("check") as ReturnType<Store["check"]>,
    close() {
      closing ??= ofStore("close").then(() => ended);
      return closing;
    },
  };
}

type CallWithoutId = Call extends infer Each ? (Each extends Call ? Omit<Each, "id"> : never) : never;

function startThread(file: string) {
  const thread = new Worker(new URL("./store-thread.js", import.meta.url), { workerData: file, execArgv: [] });
  const waiting = new Map<number, Waiting>();
  const listeners = new Set<() => void>();
  let calls: Call[] = [];
  let lastId = 0;

  const post = (message: ToThread) => thread.postMessage(message);
  const flush = () => {
    const all = calls;
    calls = [];
    post({ calls: pack(all) });
  };
  const settle = (answer: Answer) => {
    const caller = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ("error" in answer) caller?.reject(fromErrorRecord(answer.error));
    else caller?.resolve(answer.result);
  };
  const failAll = (reason: unknown) => {
    for (const caller of waiting.values()) caller.reject(reason);
    waiting.clear();
  };

  thread.on("message", (message: FromThread) => {
    if ("hint" in message) for (const listener of [...listeners]) listener();
    else for (const answer of unpack(message.answers)) settle(answer);
  });
  const ended = new Promise<void>((resolve) => {
    thread.on("error", failAll);
    thread.on("exit", () => {
      failAll(new AppError("store_unavailable", { message: `The thread of the store on "${file}" has ended.` }));
      resolve();
    });
  });

  return {
    ended,
    call: (call: CallWithoutId): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        waiting.set(id, { resolve, reject });
        if (calls.push({ ...call, id }) === 1) queueMicrotask(flush);
      }),
    watch(listener: () => void): () => void {
      // Each listener counts for itself, even where one function is given twice.
      const own = () => listener();
      listeners.add(own);
      if (listeners.size === 1) post({ watch: true });
      return () => {
        if (listeners.delete(own) && listeners.size === 0) post({ watch: false });
      };
    },
  };
}
