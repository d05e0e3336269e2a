// The wish to wait, read as all contenders read it.
import { describe, expect, it } from "vitest";
import { waitOf } from "./http-contract.js";

describe("waitOf", () => {
  it.each([
    ["wait=30", 30_000],
    ["respond-async, wait=5", 5_000],
    ["wait=600", 60_000],
    ["respond-async", 0],
    [undefined, 0],
  ])("%s waits %d ms", (prefer, ms) => {
    expect(waitOf(prefer)).toBe(ms);
  });
});
