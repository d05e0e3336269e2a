// How an attempt ended, as data: results are checked, errors tell callers no more than their code allows.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineJob } from "../definition/define-job.js";
import { NonRetryableError, RetryAfterError, RetryableError } from "../definition/handler-errors.js";
import { outcomeOfError, outcomeOfResult } from "./outcome.js";

const anything = defineJob({ type: "any", run: () => null });
const numbers = defineJob({ type: "numbers", result: z.object({ sum: z.number() }), run: () => ({ sum: 1 }) });

describe("a result", () => {
  it.each([
    ["nothing", undefined, "null"],
    ["a value", { a: [1, "ä"] }, '{"a":[1,"ä"]}'],
    ["a date", new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ])("of %s becomes JSON", (_, value, body) => {
    expect(outcomeOfResult(anything, value)).toMatchObject({ kind: "completed", result: { encoding: "json", body } });
  });

  it("that does not fit the schema fails for good and says where", async () => {
    const outcome = await outcomeOfResult(numbers, { sum: "one" });

    expect(outcome).toMatchObject({ kind: "failed", retry: "never", error: { code: "invalid_result" } });
    expect(outcome.kind === "failed" && outcome.error.message).toContain("#/sum");
  });

  it.each([
    ["a cycle", cycle()],
    ["a BigInt", 1n],
    ["NUL", { text: "a\0" }],
    ["a lone surrogate", "\udfff"],
  ])("with %s fails for good", (_, value) => {
    expect(outcomeOfResult(anything, value)).toMatchObject({
      kind: "failed",
      retry: "never",
      error: { code: "invalid_result" },
    });
  });

  it("of one MiB is kept, one byte more is too large, counted in bytes", () => {
    const limit = 1024 * 1024 - 2;

    expect(outcomeOfResult(anything, "x".repeat(limit))).toMatchObject({ kind: "completed" });
    expect(outcomeOfResult(anything, "x".repeat(limit + 1))).toMatchObject({ error: { code: "result_too_large" } });
    expect(outcomeOfResult(anything, "ä".repeat(limit / 2 + 1))).toMatchObject({ error: { code: "result_too_large" } });
  });
});

describe("an error", () => {
  it("without a code hides its text from callers", () => {
    const cause = new Error("password=secret");

    expect(outcomeOfError(cause)).toEqual({
      kind: "failed",
      error: { code: "handler_error", message: "The job failed." },
      retry: "backoff",
      cause,
    });
  });

  it("with a code is shown with it", () => {
    expect(
      outcomeOfError(new NonRetryableError("empty", "The file is empty.", { details: { page: 1 } })),
    ).toMatchObject({ error: { code: "empty", message: "The file is empty.", details: { page: 1 } }, retry: "never" });
    expect(outcomeOfError(new RetryableError("busy", "Busy."))).toMatchObject({
      error: { code: "busy", message: "Busy." },
      retry: "backoff",
    });
    expect(outcomeOfError(new RetryAfterError(1_500.4, "Later."))).toMatchObject({ retry: { afterMs: 1_500 } });
  });

  it("that is no error at all fails like one", () => {
    expect(outcomeOfError("just text")).toMatchObject({ error: { code: "handler_error" }, retry: "backoff" });
  });

  it("with details that have no JSON form keeps its code", () => {
    expect(outcomeOfError(new NonRetryableError("odd", "Odd.", { details: cycle() }))).toMatchObject({
      error: { code: "odd", details: null },
    });
  });
});

function cycle(): object {
  const loop: { self?: object } = {};
  loop.self = loop;
  return loop;
}
