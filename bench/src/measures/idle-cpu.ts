// Measure "idle-cpu": what an API process and a worker process cost while nothing happens.
import { setTimeout as wait } from "node:timers/promises";
import { bareFastify, oursPostgresApart } from "../entrants.js";
import type { Measure, Pace } from "../measure.js";
import { canReadCpuSeconds, cpuSecondsOf } from "../processes.js";

const WARMUP_JOBS = 200;
/** Timers of the warm-up, and the compiler, come to rest. */
const SETTLE_MS = 3_000;
const idleMs = (pace: Pace) => (pace === "quick" ? 10_000 : 30_000);

export const idleCpu: Measure = {
  id: "idle-cpu",
  title: "Idle CPU of an API process and a worker process",
  explanation: (pace) =>
    `CPU (user and system) over ${idleMs(pace) / 1_000} s in which nothing happens, in percent of one core, after ${WARMUP_JOBS} jobs and a ` +
    "pause. PostgreSQL's is that of the processes that serve our connections. Beside it a Fastify that stores nothing and has nothing to do.",
  entrants: [oursPostgresApart, bareFastify],
  metrics: [
    { id: "apiPercent", label: "API process, % of a core", better: "lower", digits: 2 },
    { id: "workerPercent", label: "worker process", better: "lower", digits: 2 },
    { id: "storePercent", label: "PostgreSQL", better: "lower", digits: 2 },
  ],
  bars: (["apiPercent", "workerPercent"] as const).map((metric) => ({
    ...{ metric, ours: oursPostgresApart, over: [bareFastify], compare: "difference" as const, must: 1 },
  })),
  async run(turn, entrant, pace) {
    if (!canReadCpuSeconds()) throw new Error("CPU seconds of other processes are read from /proc, which needs Linux.");
    const load = turn.openLoad();
    const open = await turn.open(entrant);
    const server = open.startProcess();
    const { port } = await server.call("http", { ...open.choice, worker: "none" });
    const isOurs = entrant === oursPostgresApart;
    const worker = isOurs ? open.startProcess() : server;
    if (isOurs) {
      await worker.call("worker", open.choice);
      await load.call("runClients", { port, way: "follow", clients: 10, count: WARMUP_JOBS });
    }
    await wait(SETTLE_MS);
    const used = async () => {
      const [api, work] = [cpuSecondsOf(server.processId), cpuSecondsOf(worker.processId)];
      return { api, work, store: isOurs ? (await open.cpuSeconds()) - api - work : 0 };
    };
    const [before, startedAt] = [await used(), performance.now()];
    await wait(idleMs(pace));
    const after = await used();
    const percent = (seconds: number) => (seconds / (performance.now() - startedAt)) * 100_000;
    const figures = {
      apiPercent: percent(after.api - before.api),
      workerPercent: percent(after.work - before.work),
      storePercent: percent(after.store - before.store),
    };
    await open.close();
    return figures;
  },
};
