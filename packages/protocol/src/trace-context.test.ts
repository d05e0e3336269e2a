import { describe, expect, it } from "vitest";
import { parseTraceContext } from "./trace-context.js";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";

describe("parseTraceContext", () => {
  it("reads a traceparent and its state", () => {
    const trace = parseTraceContext(`00-${TRACE}-${PARENT}-01`, "vendor=1,other=2");

    expect(trace).toEqual({
      traceId: TRACE,
      traceparent: `00-${TRACE}-${PARENT}-01`,
      tracestate: "vendor=1,other=2",
    });
  });

  it("takes a later version with more behind it", () => {
    expect(parseTraceContext(`01-${TRACE}-${PARENT}-01-more`, undefined)?.traceId).toBe(TRACE);
  });

  it("leaves out a state that is too long or unreadable", () => {
    expect(parseTraceContext(`00-${TRACE}-${PARENT}-01`, "a=".padEnd(513, "b"))?.tracestate).toBeUndefined();
    expect(parseTraceContext(`00-${TRACE}-${PARENT}-01`, "a=\u00e4")?.tracestate).toBeUndefined();
  });

  it.each([
    undefined,
    "",
    "nonsense",
    `ff-${TRACE}-${PARENT}-01`,
    `00-${"0".repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01-more`,
    `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
  ])("ignores %j", (header) => {
    expect(parseTraceContext(header, "a=1")).toBeUndefined();
  });
});
