// Measure "submits": single submits by many concurrent callers in one process.
import { bullmq, bullmqAof, graphileWorker, ours, oursPostgres, pgBoss } from "../entrants.js";
import type { Measure, Pace } from "../measure.js";

const CALLERS = 100;
const warmupMs = (pace: Pace) => (pace === "quick" ? 400 : 1_000);
const durationMs = (pace: Pace) => (pace === "quick" ? 1_200 : 3_000);

export const submits: Measure = {
  id: "submits",
  title: "Single submits by 100 concurrent callers",
  explanation: (pace) =>
    `${CALLERS} loops in one process, one job per call, each waiting for its acknowledgement; ${durationMs(pace)} ms after ` +
    `${warmupMs(pace)} ms of warm-up. No worker runs.`,
  entrants: [ours, oursPostgres, bullmq, bullmqAof, pgBoss, graphileWorker],
  metrics: [{ id: "submitsPerSecond", label: "submits/s", better: "higher", digits: 0 }],
  bars: [
    { metric: "submitsPerSecond", ours, over: [bullmq], must: 1.3, aim: 2 },
    { metric: "submitsPerSecond", ours, over: [bullmqAof] },
    { metric: "submitsPerSecond", ours, over: [pgBoss, graphileWorker] },
    { metric: "submitsPerSecond", ours: oursPostgres, over: [pgBoss], must: 12, aim: 20 },
    { metric: "submitsPerSecond", ours: oursPostgres, over: [bullmq] },
  ],
  async run(turn, entrant, pace) {
    const open = await turn.open(entrant);
    const times = { warmupMs: warmupMs(pace), durationMs: durationMs(pace) };
    const outcome = await open.startProcess().call("submits", { ...open.choice, callers: CALLERS, ...times });
    await open.close();
    return { submitsPerSecond: (outcome.submitted / outcome.elapsedMs) * 1_000 };
  },
};
