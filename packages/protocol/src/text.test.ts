// Text and values at the door: what no store can keep, and what is too deep to look into.
import { describe, expect, it } from "vitest";
import { canonicalJson, findUnstorableText, isDeeperThan } from "./text.js";

describe("isDeeperThan", () => {
  it("counts lists and objects alike", () => {
    expect(isDeeperThan("text", 0)).toBe(false);
    expect(isDeeperThan({}, 0)).toBe(true);
    expect(isDeeperThan({ a: [1] }, 2)).toBe(false);
    expect(isDeeperThan({ a: [{}] }, 2)).toBe(true);
  });

  it("does not follow a value that is too deep to the end", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];

    expect(isDeeperThan(deep, 64)).toBe(true);
  });
});

describe("findUnstorableText", () => {
  it("names the first string or member that no store can hold", () => {
    expect(findUnstorableText({ a: ["fine", "bad\0"] })).toBe("#/a/1");
    expect(findUnstorableText({ "a/b": { "c\ud800": 1 } })).toBe("#/a~1b/c\ud800");
    expect(findUnstorableText({ a: "😀 \u0007" })).toBeUndefined();
  });
});

describe("canonicalJson", () => {
  it("is the same for every spelling of a value (RFC 8785, section 3.2.3)", () => {
    const value = {
      "\u20ac": 1,
      "\r": 2,
      1: 3,
      "\u0080": 4,
      "\u00f6": 5,
      "\ud83d\ude00": 6,
      "\ufb33": 7,
      b: [1e21, -0, null],
    };

    expect(canonicalJson(value)).toBe(
      '{"\\r":2,"1":3,"b":[1e+21,0,null],"\u0080":4,"\u00f6":5,"\u20ac":1,"\ud83d\ude00":6,"\ufb33":7}',
    );
  });
});
