// The report says what was measured, and no more: medians, spreads, verdicts, and gaps as gaps.
import { describe, expect, it } from "vitest";
import type { Entrant } from "./entrants.js";
import type { Bar, Measure } from "./measure.js";
import { comparisonOf, reportOf, verdictOf } from "./report.js";
import type { RunResults } from "./results.js";

const entrant = (id: string, label: string): Entrant => ({
  ...{ id, label, library: "bullmq", store: "none", variant: "usual", worker: "inside" },
  ...{ packages: [], settings: `settings of ${label}` },
});

const [ours, peer, other] = [entrant("ours", "Ours"), entrant("peer", "Peer"), entrant("other", "Other")];
const bar: Bar = { metric: "perSecond", ours, over: [peer, other], must: 3, aim: 5 };

const measure: Measure = {
  ...{ id: "drain", title: "Draining", explanation: (pace) => `at ${pace} pace`, bars: [bar] },
  entrants: [ours, peer, other],
  metrics: [{ id: "perSecond", label: "jobs/s", better: "higher", digits: 0 }],
  run: () => Promise.resolve({}),
};

function resultsOf(figures: Record<string, number[]>): RunResults {
  const turns = Object.entries(figures).flatMap(([id, values]) =>
    values.map((perSecond, round) => ({ measure: "drain", entrant: id, round, figures: { perSecond }, notes: [] })),
  );
  return { pace: "quick", rounds: 3, facts: { Node: "v20" }, turns, failures: [] };
}

describe("comparisonOf", () => {
  it("compares with the best other of each round, not with the best overall", () => {
    const results = resultsOf({ ours: [100, 200, 300], peer: [50, 10, 10], other: [10, 40, 50] });

    expect(comparisonOf(results, measure, bar)).toEqual({ median: 5, min: 2, max: 6, count: 3 });
  });

  it("has nothing to say when ours or one of the others was not measured", () => {
    expect(comparisonOf(resultsOf({ peer: [1], other: [1] }), measure, bar)).toBeUndefined();
    expect(comparisonOf(resultsOf({ ours: [1], peer: [1] }), measure, bar)).toBeUndefined();
  });
});

describe("verdictOf", () => {
  const ratio = (median: number) => ({ median, min: median, max: median, count: 1 });

  it.each([
    [5, "higher", "aim reached"],
    [3, "higher", "holds"],
    [2.9, "higher", "MISSED"],
    [4, "lower", "aim reached"],
  ] as const)("a ratio of %d where %s is better: %s", (value, better, verdict) => {
    expect(verdictOf(ratio(value), bar, better)).toBe(verdict);
  });

  it("does not judge what was not measured", () => {
    expect(verdictOf(undefined, bar, "higher")).toBe("not measured");
  });
});

describe("reportOf", () => {
  it("shows median and spread of each entrant, and a dash for one without figures", () => {
    const results = resultsOf({ ours: [1_000, 3_000, 2_000], peer: [500, 500, 500] });

    const report = reportOf(results, [{ ...measure, bars: [{ ...bar, over: [peer] }] }]);

    expect(report).toContain("| Ours | 2,000 (1,000–3,000) |");
    expect(report).toContain("| Other | – |");
    expect(report).toContain("| 4.00 (2.00–6.00) | ≥ 3 | ≥ 5 | holds |");
    expect(report).toContain("- **Peer**: settings of Peer");
    expect(report).toContain("at quick pace");
  });

  it("shows a difference as one, with the digits of its figure", () => {
    const results = resultsOf({ ours: [10, 12], peer: [4, 4] });
    const above: Bar = { metric: "perSecond", ours, over: [peer], compare: "difference", aim: 9 };

    const report = reportOf(results, [{ ...measure, bars: [above] }]);

    expect(report).toContain("| jobs/s: Ours − Peer | 7 (6–8) |");
  });

  it("says a note once, with all those of whom it is true", () => {
    const results = resultsOf({ ours: [1, 1], peer: [1] });
    const notes: Record<string, string> = { ours: "the same plan", peer: "the same plan" };
    const turns = results.turns.map((turn) => ({ ...turn, notes: [notes[turn.entrant] ?? ""] }));

    const report = reportOf({ ...results, turns }, [measure]);

    expect(report.match(/the same plan/g)).toHaveLength(1);
    expect(report).toContain("Ours and Peer: the same plan");
  });

  it("names what failed, by its first line", () => {
    const failures = [{ measure: "drain", entrant: "Peer", round: 1, reason: "refused\n  at stack" }];

    const report = reportOf({ ...resultsOf({}), failures }, [measure]);

    expect(report).toContain("- `drain`, Peer, round 2: refused\n");
    expect(report).not.toContain("at stack");
  });
});
