// Measure "idle-latency": one client on an idle system, from submit until the outcome is known over HTTP.
import { bullmq, bullmqAof, bullmqWorkerApart, ours, oursPostgres, oursPostgresApart } from "../entrants.js";
import type { Measure, Pace } from "../measure.js";

const WARMUP_JOBS = 100;
const jobCount = (pace: Pace) => (pace === "quick" ? 200 : 500);

export const idleLatency: Measure = {
  id: "idle-latency",
  title: "Submit until known, one client, idle system",
  explanation: (pace) =>
    `One client, ${jobCount(pace)} jobs one after another, ${WARMUP_JOBS} more before as warm-up. "followed": POST, 202, then GET of ` +
    'the Location with `Prefer: wait=30`. "held": one POST with `Prefer: wait=30`. Server and worker share a process, except where it says "worker apart"; BullMQ ' +
    "waits by `QueueEvents` and `waitUntilFinished`.",
  entrants: [ours, oursPostgres, oursPostgresApart, bullmq, bullmqAof, bullmqWorkerApart],
  fullPaceOnly: [bullmqAof],
  metrics: [
    { id: "followP50Ms", label: "followed p50 ms", better: "lower", digits: 2 },
    { id: "followP99Ms", label: "p99 ms", better: "lower", digits: 2 },
    { id: "heldP50Ms", label: "held p50 ms", better: "lower", digits: 2 },
    { id: "heldP99Ms", label: "p99 ms", better: "lower", digits: 2 },
  ],
  bars: [
    { metric: "followP50Ms", ours, over: [bullmq], must: 1, aim: 0.7 },
    { metric: "heldP50Ms", ours, over: [bullmq] },
    { metric: "followP50Ms", ours: oursPostgres, over: [bullmqWorkerApart], must: 1.3, aim: 1 },
    { metric: "followP50Ms", ours: oursPostgresApart, over: [bullmqWorkerApart], must: 2.5, aim: 1.5 },
  ],
  async run(turn, entrant, pace) {
    const load = turn.openLoad();
    const open = await turn.open(entrant);
    const server = open.startProcess();
    if (entrant.worker === "apart") await open.startProcess().call("worker", open.choice);
    const worker = entrant.worker === "apart" ? "none" : "inside";
    const { port } = await server.call("http", { ...open.choice, worker });
    const run = async (way: "follow" | "held") => {
      await load.call("runClients", { port, way, clients: 1, count: WARMUP_JOBS });
      return load.call("runClients", { port, way, clients: 1, count: jobCount(pace) });
    };
    const [followed, held] = [await run("follow"), await run("held")];
    await open.close();
    return {
      ...{ followP50Ms: followed.knownP50Ms, followP99Ms: followed.knownP99Ms },
      ...{ heldP50Ms: held.knownP50Ms, heldP99Ms: held.knownP99Ms },
    };
  },
};
