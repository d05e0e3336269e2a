// Measure "claim-cost": what a claim costs beside a million finished jobs, against the same claim beside none.
import type { KeptJobs } from "../contender.js";
import { oursMuchKept, oursNothingKept } from "../entrants.js";
import type { Measure, Pace } from "../measure.js";
import type { PlannedStatement } from "../workloads/statement-recorder.js";

/** Enough for about ten checkpoints of the write-ahead log: of few claims, one side would have one more than the other. */
const CLAIMS = 1_000;
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
    "page cache is empty. Bytes are those of the process's read and write calls (`/proc/self/io`), which is how SQLite takes its pages. " +
    "Another process claims once more and asks SQLite for the plans of the statements that the store prepared for it: a walk is a `SCAN` of a " +
    "table or index, a sort is a temporary B-tree; without either, a claim reads as many index entries as it takes jobs.",
  entrants: [oursNothingKept, oursMuchKept],
  metrics: [
    { id: "claimP50Ms", label: "claim p50 ms", better: "lower", digits: 3 },
    { id: "kibibytesRead", label: "KiB read/claim", better: "lower", digits: 1 },
    { id: "kibibytesWritten", label: "KiB written/claim", better: "lower", digits: 1 },
    { id: "walksAndSorts", label: "walks and sorts in the plan", better: "lower", digits: 0 },
  ],
  // A million rows make a B-tree one or two levels deeper; more than that would be a scan.
  bars: [
    { metric: "kibibytesRead", ours: oursMuchKept, over: [oursNothingKept], must: 1.25 },
    { metric: "kibibytesWritten", ours: oursMuchKept, over: [oursNothingKept], must: 1.25 },
    { metric: "claimP50Ms", ours: oursMuchKept, over: [oursNothingKept] },
  ],
  takesLong: true,
  async run(turn, entrant, pace) {
    const open = await turn.open(entrant);
    const kept = entrant.variant === "much-kept" ? keptJobs(pace) : { finished: 0, delayed: 0 };
    const filler = open.startProcess();
    const counts = { ...kept, ready: (CLAIMS + 1) * JOBS_PER_CLAIM };
    await filler.call("fillForClaims", { ...open.choice, ...counts }, { timeoutMs: FILL_LIMIT_MS });
    await filler.call("close", null);
    const claimer = open.startProcess();
    const outcome = await claimer.call("claims", { ...open.choice, claims: CLAIMS, jobsPerClaim: JOBS_PER_CLAIM });
    await claimer.call("close", null);
    const planned = await open.startProcess().call("claimPlan", { ...open.choice, limit: JOBS_PER_CLAIM });
    await open.close();
    turn.notes.push(textOf(planned));
    return {
      claimP50Ms: outcome.p50Ms,
      kibibytesRead: outcome.bytesReadPerClaim / 1_024,
      kibibytesWritten: outcome.bytesWrittenPerClaim / 1_024,
      walksAndSorts: planned.flatMap(({ plan }) => plan).filter(isWalkOrSort).length,
    };
  },
};

/** `json_each` is the claim's own list of numbers, and `meanwhile_store` has one row. */
function isWalkOrSort(step: string): boolean {
  return /^SCAN (?!json_each|meanwhile_store)|TEMP B-TREE/.test(step);
}

function textOf(planned: readonly PlannedStatement[]): string {
  const lines = planned.map(
    ({ sql, plan }) => `- \`${beginningOf(sql)}\`\n${plan.map((step) => `  - ${step}`).join("\n")}`,
  );
  return `the statements of a claim and their plans.\n\n${lines.join("\n")}`;
}

function beginningOf(sql: string): string {
  return sql.length <= SHOWN_CHARACTERS ? sql : `${sql.slice(0, SHOWN_CHARACTERS)} …`;
}

const SHOWN_CHARACTERS = 100;
