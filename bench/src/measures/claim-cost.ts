// Measure "claim-cost": what a claim costs beside a million finished jobs, against the same claim beside none.
import type { KeptJobs } from "../contender.js";
import { oursMuchKept, oursNothingKept } from "../entrants.js";
import type { Measure, Pace } from "../measure.js";

const CLAIMS = 200;
const JOBS_PER_CLAIM = 10;
const FILL_LIMIT_MS = 300_000;

const keptJobs = (pace: Pace): KeptJobs =>
  pace === "quick" ? { finished: 100_000, delayed: 10_000 } : { finished: 1_000_000, delayed: 100_000 };

export const claimCost: Measure = {
  id: "claim-cost",
  title: "The cost of a claim beside many kept jobs",
  explanation: (pace) =>
    `${CLAIMS} claims of ${JOBS_PER_CLAIM} jobs each, once in a store with nothing else in it, once beside ` +
    `${keptJobs(pace).finished.toLocaleString("en-GB")} finished jobs (with their events) and ` +
    `${keptJobs(pace).delayed.toLocaleString("en-GB")} delayed ones of the same type. A fresh process opens the filled store, so its ` +
    "page cache is empty. Bytes are those of the process's read and write calls (`/proc/self/io`), which is how SQLite takes its pages.",
  entrants: [oursNothingKept, oursMuchKept],
  metrics: [
    { id: "claimP50Ms", label: "claim p50 ms", better: "lower", digits: 3 },
    { id: "kibibytesRead", label: "KiB read/claim", better: "lower", digits: 1 },
    { id: "kibibytesWritten", label: "KiB written/claim", better: "lower", digits: 1 },
  ],
  // A million rows make a B-tree one or two levels deeper; more than that would be a scan.
  bars: [
    { metric: "kibibytesRead", ours: oursMuchKept, over: [oursNothingKept], must: 1.25 },
    { metric: "kibibytesWritten", ours: oursMuchKept, over: [oursNothingKept], must: 1.25 },
    { metric: "claimP50Ms", ours: oursMuchKept, over: [oursNothingKept] },
  ],
  async run(turn, entrant, pace) {
    const open = await turn.open(entrant);
    const kept = entrant.variant === "much-kept" ? keptJobs(pace) : { finished: 0, delayed: 0 };
    const filler = open.startProcess();
    const counts = { ...kept, ready: CLAIMS * JOBS_PER_CLAIM };
    await filler.call("fillForClaims", { ...open.choice, ...counts }, { timeoutMs: FILL_LIMIT_MS });
    await filler.call("close", null);
    const outcome = await open
      .startProcess()
      .call("claims", { ...open.choice, claims: CLAIMS, jobsPerClaim: JOBS_PER_CLAIM });
    await open.close();
    return {
      claimP50Ms: outcome.p50Ms,
      kibibytesRead: outcome.bytesReadPerClaim / 1_024,
      kibibytesWritten: outcome.bytesWrittenPerClaim / 1_024,
    };
  },
};
