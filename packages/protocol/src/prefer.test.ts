import { describe, expect, it } from "vitest";
import { parsePrefer } from "./prefer.js";

describe("parsePrefer", () => {
  it.each([
    [undefined, { respondAsync: false, waitSeconds: undefined }],
    ["", { respondAsync: false, waitSeconds: undefined }],
    ["respond-async", { respondAsync: true, waitSeconds: undefined }],
    ["Respond-Async, WAIT=5", { respondAsync: true, waitSeconds: 5 }],
    ['wait="7"', { respondAsync: false, waitSeconds: 7 }],
    ["wait=0", { respondAsync: false, waitSeconds: 0 }],
    ["wait=3600", { respondAsync: false, waitSeconds: 60 }],
    ["wait=99999999999999999999", { respondAsync: false, waitSeconds: 60 }],
    ["wait=2, wait=9", { respondAsync: false, waitSeconds: 2 }],
    ["wait=soon, wait=9", { respondAsync: false, waitSeconds: undefined }],
    ["wait=-1", { respondAsync: false, waitSeconds: undefined }],
    ["wait=1.5", { respondAsync: false, waitSeconds: undefined }],
    ["wait = 4 ; strict", { respondAsync: false, waitSeconds: 4 }],
    ['return=minimal, note="a, wait=9; \\"", wait=3', { respondAsync: false, waitSeconds: 3 }],
  ])("reads %j", (header, expected) => {
    expect(parsePrefer(header)).toEqual(expected);
  });
});
