// The figures of the report, checked on values that can be worked out by hand.
import { describe, expect, it } from "vitest";
import { paired, quantile, rotate, summarize } from "./statistics.js";

const rounds = (...values: number[]) => new Map(values.map((value, index) => [index, value]));

describe("summarize", () => {
  it("takes the middle of an odd number of values, whatever their order", () => {
    expect(summarize([30, 10, 20])).toEqual({ median: 20, min: 10, max: 30, count: 3 });
  });

  it("takes the mean of the two middle values of an even number", () => {
    expect(summarize([4, 1, 3, 2])?.median).toBe(2.5);
  });

  it("has no summary of nothing", () => {
    expect(summarize([])).toBeUndefined();
  });
});

describe("quantile", () => {
  it("interpolates between neighbours", () => {
    expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
  });

  it("is not a number for no values", () => {
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe("paired", () => {
  it("divides within a round by the best other of that round", () => {
    const ratios = paired(rounds(20, 90), [rounds(10, 30), rounds(5, 45)], { better: "higher" });

    expect(ratios).toEqual([2, 2]);
  });

  it("takes the lowest other as the best where lower is better", () => {
    const ratios = paired(rounds(1), [rounds(2), rounds(4)], { better: "lower" });

    expect(ratios).toEqual([0.5]);
  });

  it("leaves out rounds in which one of the others was not measured: it might have been the best", () => {
    const ratios = paired(rounds(10, 20), [rounds(5, 10), new Map([[1, 10]])], { better: "higher" });

    expect(ratios).toEqual([2]);
  });
});

describe("paired by difference", () => {
  it("takes the best other of the round from ours", () => {
    const above = paired(rounds(30, 20), [rounds(10, 25)], { better: "lower", compare: "difference" });

    expect(above).toEqual([20, -5]);
  });
});

describe("rotate", () => {
  it("starts each round with another entrant", () => {
    expect(rotate(["a", "b", "c"], 4)).toEqual(["b", "c", "a"]);
  });

  it("leaves an empty list empty", () => {
    expect(rotate([], 3)).toEqual([]);
  });
});
