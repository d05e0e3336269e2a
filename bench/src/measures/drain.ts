// Measure "drain": one worker process empties a preloaded queue.
import { bullmq, bullmqAof, graphileWorker, ours, oursPostgres, pgBoss, pgBossResults } from "../entrants.js";
import type { Measure, Pace } from "../measure.js";

const jobCount = (pace: Pace) => (pace === "quick" ? 20_000 : 50_000);

export const drain: Measure = {
  id: "drain",
  title: "Draining a preloaded queue in one process",
  explanation: (pace) =>
    `${jobCount(pace)} jobs are stored first, then one worker runs them with a handler that does nothing. The time runs from the ` +
    "start of the first handler until the store itself says that no job is unfinished.",
  entrants: [ours, oursPostgres, bullmq, bullmqAof, pgBoss, pgBossResults, graphileWorker],
  metrics: [{ id: "jobsPerSecond", label: "jobs/s", better: "higher", digits: 0 }],
  bars: [
    { metric: "jobsPerSecond", ours, over: [pgBoss, graphileWorker], must: 3, aim: 5 },
    { metric: "jobsPerSecond", ours, over: [bullmq] },
    { metric: "jobsPerSecond", ours: oursPostgres, over: [pgBoss, graphileWorker], must: 1.4, aim: 2.2 },
    { metric: "jobsPerSecond", ours: oursPostgres, over: [bullmq], must: 1.7, aim: 2.7 },
  ],
  async run(turn, entrant, pace) {
    const open = await turn.open(entrant);
    const count = jobCount(pace);
    const { elapsedMs } = await open.startProcess().call("drain", { ...open.choice, count });
    await open.close();
    return { jobsPerSecond: (count / elapsedMs) * 1_000 };
  },
};
