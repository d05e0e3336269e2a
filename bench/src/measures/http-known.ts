// Measure "http-known": jobs that live their life over HTTP, with a worker in a second process, until their clients know by SSE.
import { bullmqWorkerApart, oursPostgresApart, pgBossApart } from "../entrants.js";
import type { Measure, Pace } from "../measure.js";
import { canReadCpuSeconds } from "../processes.js";

const CLIENTS = 200;
/** pg-boss runs some hundreds of jobs per second, the others thousands. */
const counts = (pace: Pace, isSlow: boolean) => {
  if (isSlow) return pace === "quick" ? { warmup: 400, jobs: 1_200 } : { warmup: 600, jobs: 3_000 };
  return pace === "quick" ? { warmup: 2_000, jobs: 6_000 } : { warmup: 6_000, jobs: 20_000 };
};

export const httpKnown: Measure = {
  id: "http-known",
  title: "POST, 202, a worker in a second process, and the outcome by SSE",
  explanation: (pace) =>
    `${CLIENTS} closed-loop clients on bare sockets: POST, then the job's event stream (SSE) on a connection of its own until the job is ` +
    `known to be done; ${counts(pace, false).jobs} jobs after ${counts(pace, false).warmup} as warm-up (pg-boss: ${counts(pace, true).jobs} ` +
    "after fewer). CPU is user and system time of server, worker and store, read from /proc; the clients are not counted. Of PostgreSQL it " +
    "is that of the processes that serve the contender's connections.",
  entrants: [oursPostgresApart, bullmqWorkerApart, pgBossApart],
  metrics: [
    { id: "jobsPerSecond", label: "jobs/s", better: "higher", digits: 0 },
    { id: "cpuSeconds", label: "CPU s/1000", better: "lower", digits: 3 },
    { id: "knownP50Ms", label: "known p50 ms", better: "lower", digits: 1 },
    { id: "knownP99Ms", label: "p99 ms", better: "lower", digits: 1 },
  ],
  bars: [
    { metric: "jobsPerSecond", ours: oursPostgresApart, over: [bullmqWorkerApart], must: 1.3, aim: 1.7 },
    { metric: "jobsPerSecond", ours: oursPostgresApart, over: [pgBossApart], must: 12, aim: 20 },
    { metric: "cpuSeconds", ours: oursPostgresApart, over: [bullmqWorkerApart], must: 0.65, aim: 0.5 },
  ],
  async run(turn, entrant, pace) {
    if (!canReadCpuSeconds()) throw new Error("CPU seconds of other processes are read from /proc, which needs Linux.");
    const load = turn.openLoad();
    const open = await turn.open(entrant);
    const server = open.startProcess();
    await open.startProcess().call("worker", open.choice);
    const { port } = await server.call("http", { ...open.choice, worker: "none" });
    const { warmup, jobs } = counts(pace, entrant === pgBossApart);
    await load.call("runClients", { port, way: "sse", clients: CLIENTS, count: warmup });
    const cpuBefore = await open.cpuSeconds();
    const outcome = await load.call("runClients", { port, way: "sse", clients: CLIENTS, count: jobs });
    const cpuSeconds = (((await open.cpuSeconds()) - cpuBefore) / outcome.jobs) * 1_000;
    await open.close();
    const { knownP50Ms, knownP99Ms } = outcome;
    return { jobsPerSecond: (outcome.jobs / outcome.elapsedMs) * 1_000, cpuSeconds, knownP50Ms, knownP99Ms };
  },
};
