// Measure "postgres-claims": what a claim costs on PostgreSQL beside many finished and many delayed jobs.
import type { KeptJobs } from "../contender.js";
import {
  type Entrant,
  oursPostgresFinishedKept,
  oursPostgresManyDelayed,
  oursPostgresManyFinished,
  oursPostgresNothingKept,
} from "../entrants.js";
import type { Measure, Pace } from "../measure.js";

const CLAIMS = 500;
const JOBS_PER_CLAIM = 10;
const FILL_LIMIT_MS = 600_000;
const delayedCount = (pace: Pace) => (pace === "quick" ? 50_000 : 500_000);

function keptJobs({ variant }: Entrant, pace: Pace): KeptJobs {
  if (variant === "100k-finished") return { finished: 100_000, delayed: 0 };
  if (variant === "2m-finished") return { finished: 2_000_000, delayed: 0 };
  return { finished: 0, delayed: variant === "many-delayed" ? delayedCount(pace) : 0 };
}

export const postgresClaims: Measure = {
  id: "postgres-claims",
  title: "The cost of a claim on PostgreSQL beside many kept jobs",
  explanation: (pace) =>
    `${CLAIMS} claims of ${JOBS_PER_CLAIM} jobs each by a fresh process, one after another, beside nothing, 100,000 or 2,000,000 finished jobs ` +
    `of the same type (with their events), or ${delayedCount(pace).toLocaleString("en-GB")} delayed ones. Pages are those of 8 KiB that ` +
    "PostgreSQL looked at in the database while that process was there, in memory or not, by its own statistics: index pages, rows, the " +
    "events written, and some hundreds for opening the store.",
  entrants: [oursPostgresNothingKept, oursPostgresFinishedKept, oursPostgresManyFinished, oursPostgresManyDelayed],
  fullPaceOnly: [oursPostgresManyFinished],
  metrics: [
    { id: "claimP50Ms", label: "claim p50 ms", better: "lower", digits: 3 },
    { id: "pages", label: "pages/claim", better: "lower", digits: 1 },
  ],
  // Two million rows make a B-tree one or two levels deeper; more than that would be a walk.
  bars: [oursPostgresFinishedKept, oursPostgresManyFinished, oursPostgresManyDelayed].flatMap((each) => [
    { metric: "pages", ours: each, over: [oursPostgresNothingKept], must: 1.25 },
    { metric: "claimP50Ms", ours: each, over: [oursPostgresNothingKept] },
  ]),
  async run(turn, entrant, pace) {
    const open = await turn.open(entrant);
    const filler = open.startProcess();
    const counts = { ...keptJobs(entrant, pace), ready: (CLAIMS + 1) * JOBS_PER_CLAIM };
    await filler.call("fillForClaims", { ...open.choice, ...counts }, { timeoutMs: FILL_LIMIT_MS });
    await filler.call("close", null);
    // What autovacuum would do in its time, it does not do during the claims.
    await open.database!.query("vacuum analyze");
    const before = await open.database!.pagesRead();
    const claimer = open.startProcess();
    const { p50Ms } = await claimer.call("claims", { ...open.choice, claims: CLAIMS, jobsPerClaim: JOBS_PER_CLAIM });
    await claimer.call("close", null);
    const pages = (await open.database!.pagesRead()) - before;
    await open.close();
    return { claimP50Ms: p50Ms, pages: pages / CLAIMS };
  },
};
