// Measure "batches": submits of 1,000 jobs per call.
import { bullmq, bullmqAof, graphileWorker, ours, oursPostgres, pgBoss } from "../entrants.js";
import type { Measure, Pace } from "../measure.js";

const CALLERS = 4;
const jobCount = (pace: Pace) => (pace === "quick" ? 40_000 : 100_000);

export const batches: Measure = {
  id: "batches",
  title: "Submits of 1,000 jobs per call by 4 concurrent callers",
  explanation: (pace) =>
    `${jobCount(pace).toLocaleString("en-GB")} jobs in calls of 1,000, by ${CALLERS} loops in one process, after a warm-up of 8 calls. ` +
    "No worker runs. What each library has for it: `submitBatch`, `addBulk`, `insert`, `add_jobs`.",
  entrants: [ours, oursPostgres, bullmq, bullmqAof, pgBoss, graphileWorker],
  metrics: [{ id: "jobsPerSecond", label: "jobs/s", better: "higher", digits: 0 }],
  bars: [
    { metric: "jobsPerSecond", ours: oursPostgres, over: [bullmq, pgBoss, graphileWorker], must: 0.9, aim: 1.6 },
    { metric: "jobsPerSecond", ours, over: [bullmq, pgBoss, graphileWorker] },
  ],
  async run(turn, entrant, pace) {
    const open = await turn.open(entrant);
    const count = jobCount(pace);
    const { elapsedMs } = await open.startProcess().call("batches", { ...open.choice, callers: CALLERS, count });
    await open.close();
    return { jobsPerSecond: (count / elapsedMs) * 1_000 };
  },
};
