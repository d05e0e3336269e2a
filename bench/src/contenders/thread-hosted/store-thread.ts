// The store's thread: opens the SQLite store and answers the calls of the main thread, a batch per message.
import { parentPort, workerData } from "node:worker_threads";
import type { Store } from "@meanwhile/core";
import { createSqliteStore } from "@meanwhile/store-sqlite";
import { type Answer, type Call, pack, type ToThread, toErrorRecord, unpack } from "./messages.js";

const port = parentPort;
if (port === null) throw new Error("This file is the entry of a thread; createThreadHostedStore starts it.");

const store = await createSqliteStore({ file: String(workerData) });
let answers: Answer[] = [];
let unwatch: (() => void) | undefined;

port.on("message", (message: ToThread) => {
  if ("watch" in message) watch(message.watch);
  else for (const call of unpack<Call>(message.calls)) void answer(call);
});

async function answer(call: Call): Promise<void> {
  reply(await outcome(call));
  if (call.room === "store" && call.method === "close") process.nextTick(() => port?.close());
}

/** Whatever is answered until the promises of this turn are all settled goes out as one message. */
function reply(one: Answer): void {
  if (answers.push(one) > 1) return;
  process.nextTick(() => {
    const all = answers;
    answers = [];
    port?.postMessage({ answers: pack(all) });
  });
}

async function outcome({ id, room, method, values }: Call): Promise<Answer> {
  try {
    const owner: Store | Store[keyof Store] = room === "store" ? store : store[room];
    const called: unknown = Reflect.get(owner, method);
    if (typeof called !== "function") throw new TypeError(`The store has no method "${room}.${method}".`);
    return { id, result: await called.apply(owner, values) };
  } catch (error) {
    return { id, error: toErrorRecord(error) };
  }
}

function watch(on: boolean): void {
  unwatch?.();
  unwatch = on ? store.watch(() => port?.postMessage({ hint: true })) : undefined;
}
