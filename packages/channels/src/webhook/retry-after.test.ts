// Retry-After in the forms that receivers send it.
import { expect, it } from "vitest";
import { parseRetryAfter } from "./retry-after.js";

const NOW = Date.UTC(2026, 10, 22, 9);

it.each<[string | string[] | undefined, number | null]>([
  ["0", 0],
  ["120", 120_000],
  [" 7 ", 7_000],
  ["9".repeat(400), Number.MAX_SAFE_INTEGER],
  ["Sun, 22 Nov 2026 09:01:00 GMT", 60_000],
  ["Sunday, 22-Nov-26 09:01:00 GMT", 60_000],
  ["Sun, 22 Nov 2026 08:00:00 GMT", 0],
  [["5", "9"], 5_000],
  [undefined, null],
  ["", null],
  ["-5", null],
  ["1.5", null],
  ["soon", null],
  ["1 minute", null],
  ["2026", 2_026_000],
  ["2026-11-22", null],
])("reads %j as %j", (header, expected) => {
  expect(parseRetryAfter(header, NOW)).toBe(expected);
});
