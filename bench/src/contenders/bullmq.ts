// BullMQ in process: single adds, and a drain by one worker.
import { Queue, type RedisOptions, Worker } from "bullmq";
import type { DrainContender, StoreAddress, SubmitContender } from "../contender.js";
import { chunks, echoResult, wrongStore } from "../jobs.js";

export const QUEUE = "bench";
/** The best of 50, 100, 200, 500 and 1000 for a handler that does nothing. */
export const WORKER_CONCURRENCY = 100;
const BULK_CALLERS = 4;
const BULK_SIZE = 1_000;

export function connectionTo(store: StoreAddress): RedisOptions {
  if (store.kind !== "redis") throw wrongStore("BullMQ", "redis", store.kind);
  // A worker must outlive a short outage, so BullMQ asks for unlimited retries per request.
  return { host: "127.0.0.1", port: store.port, protocol: store.protocol, maxRetriesPerRequest: null };
}

export async function openBullmqSubmits(store: StoreAddress): Promise<SubmitContender> {
  const queue = new Queue(QUEUE, { connection: connectionTo(store) });
  await queue.waitUntilReady();
  return {
    submit: (parameters) => queue.add("demo.echo", parameters),
    close: () => queue.close(),
  };
}

export async function openBullmqDrain(store: StoreAddress): Promise<DrainContender> {
  const connection = connectionTo(store);
  const queue = new Queue(QUEUE, { connection });
  await queue.waitUntilReady();
  let worker: Worker | undefined;
  return {
    async preload(jobs) {
      const batches = chunks(jobs, BULK_SIZE);
      const caller = async () => {
        for (const batch of batches) await queue.addBulk(batch.map((data) => ({ name: "demo.echo", data })));
      };
      await Promise.all(Array.from({ length: BULK_CALLERS }, caller));
    },
    async startWorker(onStart) {
      worker = startWorker(connection, onStart);
      await worker.waitUntilReady();
    },
    async hasUnfinished() {
      const counts = await queue.getJobCounts("wait", "active", "delayed", "prioritized", "failed");
      return Object.values(counts).some((count) => count > 0);
    },
    async close() {
      await worker?.close();
      await queue.close();
    },
  };
}

export function startWorker(connection: RedisOptions, onStart: () => void): Worker {
  const handler = async () => {
    onStart();
    return echoResult();
  };
  return new Worker(QUEUE, handler, { connection, concurrency: WORKER_CONCURRENCY });
}

/** A worker process beside a server process. */
export async function openBullmqWorker(store: StoreAddress): Promise<{ close(): Promise<void> }> {
  const worker = startWorker(connectionTo(store), () => {});
  await worker.waitUntilReady();
  return { close: () => worker.close() };
}
