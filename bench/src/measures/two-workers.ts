// Measure "two-workers": how much faster two worker processes empty a queue than one.
import { setTimeout as wait } from "node:timers/promises";
import { oursPostgresApart, oursPostgresTwoWorkers } from "../entrants.js";
import type { Measure, Pace } from "../measure.js";

const ASK_EVERY_MS = 50;
const jobCount = (pace: Pace) => (pace === "quick" ? 20_000 : 50_000);

export const twoWorkers: Measure = {
  id: "two-workers",
  title: "Draining a preloaded queue by two worker processes",
  explanation: (pace) =>
    `${jobCount(pace)} jobs are stored first, then one worker process is started, or two. The time runs from the first claim to the last ` +
    "completion, as the jobs' own rows tell.",
  entrants: [oursPostgresApart, oursPostgresTwoWorkers],
  metrics: [{ id: "jobsPerSecond", label: "jobs/s", better: "higher", digits: 0 }],
  bars: [{ metric: "jobsPerSecond", ours: oursPostgresTwoWorkers, over: [oursPostgresApart] }],
  takesLong: true,
  async run(turn, entrant, pace) {
    const open = await turn.open(entrant);
    const count = jobCount(pace);
    const submitter = open.startProcess();
    await submitter.call("preload", { ...open.choice, count });
    const workers = Array.from({ length: entrant.variant === "two-workers" ? 2 : 1 }, () => open.startProcess());
    await Promise.all(workers.map((worker) => worker.call("worker", open.choice)));
    while (await submitter.call("hasUnfinished", null)) await wait(ASK_EVERY_MS);
    const [times] = await open.database!.query(
      "select min(started_at), max(completed_at) from meanwhile.meanwhile_jobs",
    );
    await open.close();
    return { jobsPerSecond: (count / (Number(times!.max) - Number(times!.min))) * 1_000 };
  },
};
