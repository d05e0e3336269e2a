// The judge of the soak sees a leak, and is not deceived by noise or by a warm-up.
import { describe, expect, it } from "vitest";
import { createRandom } from "../harness/random.js";
import { judgeFlatness } from "./slope.js";

const MB = 1024 * 1024;
const tolerance = { absolute: 8 * MB, share: 0.1 };

/** Every ten seconds for half an hour. */
function series(valueAt: (minute: number) => number) {
  return Array.from({ length: 180 }, (_, index) => ({ at: index * 10_000, value: valueAt(index / 6) }));
}

describe("a series of measures", () => {
  it("that grows by a megabyte a minute is not flat", () => {
    const { isFlat, risePerHour } = judgeFlatness(
      series((minute) => 80 * MB + minute * MB),
      tolerance,
    );

    expect(isFlat).toBe(false);
    expect(risePerHour).toBeCloseTo(60 * MB, 0);
  });

  it("that swings around a mean is flat", () => {
    const random = createRandom(7);

    expect(
      judgeFlatness(
        series(() => (70 + 20 * random.next()) * MB),
        tolerance,
      ).isFlat,
    ).toBe(true);
  });

  it("that rises while it warms up is flat", () => {
    const judged = judgeFlatness(
      series((minute) => Math.min(40 + 6 * minute, 100) * MB),
      tolerance,
    );

    expect(judged).toMatchObject({ isFlat: true, mean: 100 * MB });
  });

  it("that falls is flat", () => {
    expect(
      judgeFlatness(
        series((minute) => (200 - minute) * MB),
        tolerance,
      ).isFlat,
    ).toBe(true);
  });

  it("of two measures is no series", () => {
    expect(() => judgeFlatness(series(() => 1).slice(0, 2), tolerance)).toThrow("too few");
  });
});
