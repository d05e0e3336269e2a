// meanwhile on SQLite or PostgreSQL, as a program that installs it would use it: submits, drain, its own HTTP server, a worker.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMeanwhile, defineJob, type Meanwhile, type Store } from "meanwhile";
import type { DrainContender, HttpContender, HttpOptions, StoreAddress, SubmitContender } from "../contender.js";
import { chunks, echoResult, wrongStore } from "../jobs.js";

const TYPE = "demo.echo";
const BULK_SIZE = 1_000;
/** As many attempts at once as BullMQ's worker is given. */
export const CONCURRENCY = 100;
const LATER_THAN_ANY_LEASE = Number.MAX_SAFE_INTEGER;
export const LOCAL = {
  principal: { owner: "local", name: "local", scopes: null, expiresAt: null, credentialId: null },
};

/** A file's store; by default meanwhile opens it itself, from the address. */
export type OpenStore = (file: string) => Store;

export async function openMeanwhileSubmits(store: StoreAddress, openStore?: OpenStore): Promise<SubmitContender> {
  const meanwhile = await openMeanwhile(store, { worker: false, openStore });
  return {
    submit: (parameters) => meanwhile.submit(TYPE, parameters),
    close: () => meanwhile.stop(),
  };
}

export async function openMeanwhileDrain(store: StoreAddress, openStore?: OpenStore): Promise<DrainContender> {
  let onStart = () => {};
  const meanwhile = await openMeanwhile(store, { worker: true, openStore, onStart: () => onStart() });
  const { jobs } = meanwhile.store;
  return {
    async preload(parameters) {
      for (const batch of chunks(parameters, BULK_SIZE)) {
        const items = batch.map((each) => ({ type: TYPE, parameters: each }));
        await meanwhile.engine.submitBatch(items, LOCAL);
      }
    },
    startWorker(callback) {
      onStart = callback;
      return meanwhile.start();
    },
    async hasUnfinished() {
      const waiting = await jobs.countWaiting([TYPE], { limit: 1 });
      const leased = await jobs.findDue("lease", { limit: 1, now: LATER_THAN_ANY_LEASE });
      return waiting.size > 0 || leased.length > 0;
    },
    close: () => meanwhile.stop(),
  };
}

export async function openMeanwhileHttp(
  store: StoreAddress,
  options: HttpOptions,
  openStore?: OpenStore,
): Promise<HttpContender> {
  const meanwhile = await openMeanwhile(store, { worker: options.worker === "inside", openStore });
  await meanwhile.start();
  const address = await meanwhile.server().listen({ port: 0 });
  return { port: Number(new URL(address).port), close: () => meanwhile.stop() };
}

/** A process that only works, beside one that serves. */
export async function openMeanwhileWorker(store: StoreAddress): Promise<{ close(): Promise<void> }> {
  const meanwhile = await openMeanwhile(store, { worker: true });
  await meanwhile.start();
  return { close: () => meanwhile.stop() };
}

/** Defaults throughout, so `synchronous=FULL` on SQLite; only the type's concurrency is raised. */
export async function openMeanwhile(
  store: StoreAddress,
  options: { worker: boolean; onStart?: () => void; openStore?: OpenStore | undefined },
): Promise<Meanwhile> {
  const echo = defineJob({
    type: TYPE,
    concurrency: CONCURRENCY,
    run: () => {
      options.onStart?.();
      return echoResult();
    },
  });
  const { address, files, own } = placesOf(store, options.openStore);
  const meanwhile = await createMeanwhile({
    jobs: [echo],
    store: own ?? address,
    files,
    ...(options.worker ? {} : { worker: false as const }),
  });
  // A store that was given stays open at `stop`.
  return own === undefined ? meanwhile : { ...meanwhile, stop: () => meanwhile.stop().then(() => own.close()) };
}

function placesOf(store: StoreAddress, openStore: OpenStore | undefined) {
  // No job of the benchmark has files: the folder is never made.
  if (store.kind === "postgres")
    return { address: store.url, files: join(tmpdir(), "meanwhile-bench-files"), own: undefined };
  if (store.kind !== "directory") throw wrongStore("meanwhile", "directory or postgres", store.kind);
  const file = join(store.path, "meanwhile.db");
  return { address: `sqlite:${file}`, files: join(store.path, "files"), own: openStore?.(file) };
}
