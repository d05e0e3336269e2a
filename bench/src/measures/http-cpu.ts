// Measure "http-cpu": CPU seconds of the whole house per 1000 jobs that live their life over HTTP.
import { bullmq, bullmqAof, bullmqWorkerApart, ours } from "../entrants.js";
import type { Measure, Pace } from "../measure.js";
import { canReadCpuSeconds } from "../processes.js";

const CLIENTS = 100;
/** Compiling a cold server costs as much CPU as thousands of jobs, so the warm-up is long. */
const warmupCount = (pace: Pace) => (pace === "quick" ? 2_000 : 6_000);
const jobCount = (pace: Pace) => (pace === "quick" ? 4_000 : 20_000);

export const httpCpu: Measure = {
  id: "http-cpu",
  title: "CPU seconds per 1000 jobs over HTTP",
  explanation: (pace) =>
    `${CLIENTS} closed-loop clients on bare sockets, ${jobCount(pace)} jobs each way after ${warmupCount(pace)} as warm-up, "followed" and ` +
    '"held" as in idle-latency. CPU is user and system time of the server, the worker and the store, read from /proc; the ' +
    "clients are not counted.",
  entrants: [ours, bullmq, bullmqAof, bullmqWorkerApart],
  metrics: [
    { id: "followCpuSeconds", label: "followed, CPU s/1000", better: "lower", digits: 3 },
    { id: "followJobsPerSecond", label: "jobs/s", better: "higher", digits: 0 },
    { id: "heldCpuSeconds", label: "held, CPU s/1000", better: "lower", digits: 3 },
    { id: "heldJobsPerSecond", label: "jobs/s", better: "higher", digits: 0 },
  ],
  bars: [
    { metric: "followCpuSeconds", ours, over: [bullmq, bullmqWorkerApart], must: 0.5, aim: 0.35 },
    { metric: "heldCpuSeconds", ours, over: [bullmq, bullmqWorkerApart] },
    { metric: "followJobsPerSecond", ours, over: [bullmq, bullmqWorkerApart] },
  ],
  takesLong: true,
  async run(turn, entrant, pace) {
    if (!canReadCpuSeconds()) throw new Error("CPU seconds of other processes are read from /proc, which needs Linux.");
    const load = turn.openLoad();
    const open = await turn.open(entrant);
    const server = open.startProcess();
    if (entrant.worker === "apart") await open.startProcess().call("worker", open.choice);
    const worker = entrant.worker === "apart" ? "none" : "inside";
    const { port } = await server.call("http", { ...open.choice, worker });
    const run = async (way: "follow" | "held") => {
      await load.call("runClients", { port, way, clients: CLIENTS, count: warmupCount(pace) });
      const cpuBefore = await open.cpuSeconds();
      const outcome = await load.call("runClients", { port, way, clients: CLIENTS, count: jobCount(pace) });
      const cpuSeconds = (((await open.cpuSeconds()) - cpuBefore) / outcome.jobs) * 1_000;
      return { cpuSeconds, jobsPerSecond: (outcome.jobs / outcome.elapsedMs) * 1_000 };
    };
    const [followed, held] = [await run("follow"), await run("held")];
    await open.close();
    return {
      ...{ followCpuSeconds: followed.cpuSeconds, followJobsPerSecond: followed.jobsPerSecond },
      ...{ heldCpuSeconds: held.cpuSeconds, heldJobsPerSecond: held.jobsPerSecond },
    };
  },
};
