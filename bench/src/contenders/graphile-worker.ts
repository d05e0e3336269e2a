// Graphile Worker: single adds, and a drain with the settings of its own performance page.
import { Logger, makeWorkerUtils, type Runner, run } from "graphile-worker";
import pg from "pg";
import type { DrainContender, StoreAddress, SubmitContender } from "../contender.js";
import { chunks, wrongStore } from "../jobs.js";

const POOL_SIZE = 20;
const BULK_SIZE = 1_000;
const quiet = new Logger(() => () => {});

export async function openGraphileWorkerSubmits(store: StoreAddress): Promise<SubmitContender> {
  const { utils, pool } = await open(store);
  return {
    submit: (parameters) => utils.addJob("echo", parameters),
    async close() {
      await utils.release();
      await pool.end();
    },
  };
}

export async function openGraphileWorkerDrain(store: StoreAddress): Promise<DrainContender> {
  const { utils, pool, url } = await open(store);
  let runner: Runner | undefined;
  return {
    async preload(jobs) {
      for (const batch of chunks(jobs, BULK_SIZE)) {
        await utils.addJobs(batch.map((payload) => ({ identifier: "echo", payload })));
      }
    },
    async startWorker(onStart) {
      runner = await startWorker(url, onStart);
    },
    async hasUnfinished() {
      // Finished jobs are deleted, so what is left in the table is unfinished.
      const text = "select exists (select from graphile_worker._private_jobs) as unfinished";
      const { rows } = await pool.query<{ unfinished: boolean }>(text);
      return rows[0]?.unfinished ?? true;
    },
    async close() {
      await runner?.stop();
      await utils.release();
      await pool.end();
    },
  };
}

async function open(store: StoreAddress) {
  if (store.kind !== "postgres") throw wrongStore("Graphile Worker", "postgres", store.kind);
  const pool = new pg.Pool({ connectionString: store.url, max: POOL_SIZE });
  const utils = await makeWorkerUtils({ pgPool: pool, logger: quiet });
  await utils.migrate();
  return { utils, pool, url: store.url };
}

function startWorker(connectionString: string, onStart: () => void): Promise<Runner> {
  return run({
    preset: {
      worker: {
        ...{ connectionString, concurrentJobs: 24, maxPoolSize: 25, logger: quiet },
        ...{ localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
      },
    },
    noHandleSignals: true,
    // A task's return value is not kept by Graphile Worker.
    taskList: { echo: async () => onStart() },
  });
}
