import { describe, expect, it } from "vitest";
import { parseIdempotencyKey } from "./idempotency-key-header.js";

describe("parseIdempotencyKey", () => {
  it.each([
    ["abc-1", "abc-1"],
    ['"abc-1"', "abc-1"],
    ['  "abc-1"  ', "abc-1"],
    ['"a \\"b\\" \\\\c"', 'a "b" \\c'],
    ['a"b', 'a"b'],
    ["k".repeat(255), "k".repeat(255)],
    [`"${"k".repeat(255)}"`, "k".repeat(255)],
  ])("takes %j for one key", (header, key) => {
    expect(parseIdempotencyKey(header)).toEqual({ ok: true, key });
  });

  it.each(["", '""', '"', '"open', '"a", "b"', '"a";x=1', '"a\\n"', "k".repeat(256), "käse", "tab\there", "a\u0000b"])(
    "refuses %j",
    (header) => {
      expect(parseIdempotencyKey(header)).toMatchObject({ ok: false });
    },
  );
});
