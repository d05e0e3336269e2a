// pg-boss: single sends, and a drain by one worker process, with one result per job or without.
import { PgBoss } from "pg-boss";
import type { DrainContender, StoreAddress, SubmitContender, Variant } from "../contender.js";
import { chunks, echoResult, wrongStore } from "../jobs.js";

export const QUEUE = "bench";
const POOL_SIZE = 20;
const BULK_SIZE = 1_000;

export async function openPgBossSubmits(store: StoreAddress): Promise<SubmitContender> {
  const boss = await startPgBoss(store);
  return {
    submit: (parameters) => boss.send(QUEUE, parameters),
    close: () => boss.stop({ graceful: false }),
  };
}

export async function openPgBossDrain(store: StoreAddress, variant: Variant): Promise<DrainContender> {
  const boss = await startPgBoss(store);
  return {
    async preload(jobs) {
      for (const batch of chunks(jobs, BULK_SIZE))
        await boss.insert(
          QUEUE,
          batch.map((data) => ({ data })),
        );
    },
    startWorker: (onStart) => (variant === "usual" ? workInBatches(boss, onStart) : workWithResults(boss, onStart)),
    async hasUnfinished() {
      const text = "select exists (select from pgboss.job where name = $1 and state <> 'completed') as unfinished";
      const { rows } = await boss.getDb().executeSql(text, [QUEUE]);
      return (rows[0] as { unfinished: boolean }).unfinished;
    },
    close: () => boss.stop({ graceful: false }),
  };
}

/** Background chores are off: they cost pg-boss time that no measure should charge to it. */
export async function startPgBoss(store: StoreAddress, { notify = false } = {}): Promise<PgBoss> {
  if (store.kind !== "postgres") throw wrongStore("pg-boss", "postgres", store.kind);
  const boss = new PgBoss({
    connectionString: store.url,
    max: POOL_SIZE,
    supervise: false,
    schedule: false,
    useListenNotify: notify,
  });
  boss.on("error", (error: Error) => console.error(error));
  await boss.start();
  await boss.createQueue(QUEUE, notify ? { notify } : {});
  return boss;
}

async function workInBatches(boss: PgBoss, onStart: () => void): Promise<void> {
  const options = { batchSize: 1_000, localConcurrency: 2, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
  await boss.work(QUEUE, options, async (jobs) => {
    for (const _ of jobs) onStart();
    return echoResult();
  });
}

async function workWithResults(boss: PgBoss, onStart: () => void): Promise<void> {
  const options = {
    ...{ batchSize: 500, localConcurrency: 2, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 },
    perJobResults: true as const,
  };
  await boss.work(QUEUE, options, async (jobs) =>
    jobs.map((job) => {
      onStart();
      return { id: job.id, status: "completed" as const, output: echoResult() };
    }),
  );
}
