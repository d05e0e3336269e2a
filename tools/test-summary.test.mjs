// The closing lines of a test run.
import { describe, expect, it } from "vitest";
import { describeRun } from "./test-summary.mjs";

const nothingElse = { brokenFiles: [], unhandled: 0, skippingAllowed: true };

describe("describeRun", () => {
  it("ends with one line of counts", () => {
    const cases = [
      { name: "a", state: "passed" },
      { name: "b", state: "passed" },
    ];

    const run = describeRun(cases, nothingElse);

    expect(run).toEqual({ ok: true, lines: ["2 passed, 0 failed, 0 skipped"] });
  });

  it("names each skipped test with its reason", () => {
    const cases = [
      { name: "a", state: "passed" },
      { name: "b", state: "skipped", reason: "needs ffmpeg" },
    ];

    const run = describeRun(cases, nothingElse);

    expect(run).toEqual({ ok: true, lines: ["skipped: b (needs ffmpeg)", "1 passed, 0 failed, 1 skipped"] });
  });

  it("counts a skipped test as failed where nothing may be skipped", () => {
    const cases = [{ name: "b", state: "skipped", reason: "needs ffmpeg" }];

    const run = describeRun(cases, { ...nothingElse, skippingAllowed: false });

    expect(run.ok).toBe(false);
    expect(run.lines.at(-1)).toBe("0 passed, 1 failed, 0 skipped");
  });

  it("accepts everywhere what means nothing for its subject", () => {
    const name = "a.test.ts > store sqlite > secondConnection: no other connection can see this memory";
    const cases = [{ name, state: "skipped" }];

    const run = describeRun(cases, { ...nothingElse, skippingAllowed: false });

    expect(run.lines.at(-1)).toBe("0 passed, 0 failed, 1 skipped");
  });

  it.each([
    ["a failed test", [{ name: "a", state: "failed" }], {}],
    ["a test that never ended", [{ name: "a", state: "pending" }], {}],
    ["a file that could not be loaded", [{ name: "a", state: "passed" }], { brokenFiles: ["x.test.ts"] }],
    ["an error outside of any test", [{ name: "a", state: "passed" }], { unhandled: 1 }],
    ["no test at all", [], {}],
  ])("fails on %s", (_what, cases, facts) => {
    const run = describeRun(cases, { ...nothingElse, ...facts });

    expect(run.ok).toBe(false);
    expect(run.lines.at(-1)).toMatch(/^\d+ passed, 1 failed, 0 skipped$/);
  });
});
