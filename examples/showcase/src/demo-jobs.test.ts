// The demonstration types do what their table says: each row, each member.
import type { AnyJobDefinition } from "meanwhile";
import { runJob, VirtualClock } from "meanwhile/testing";
import { describe, expect, it } from "vitest";
import { countdown, demoJobs, echo, fail, log, sleep } from "./demo-jobs.js";

const refusal = (definition: AnyJobDefinition, parameters: unknown): Promise<unknown> =>
  runJob(definition, { parameters }).then(
    () => undefined,
    (error: unknown) => error,
  );

describe("demo.echo", () => {
  it("returns any object as it came", async () => {
    const parameters = { a: [1, "zwei", null], nested: { ok: true } };

    expect(await runJob(echo, { parameters })).toMatchObject({ status: "COMPLETED", result: parameters });
  });
});

describe("demo.sleep", () => {
  it("waits and completes", async () => {
    expect(await runJob(sleep, { parameters: { ms: 1 } })).toMatchObject({ status: "COMPLETED", result: { ms: 1 } });
  });

  it("stops waiting when it is cancelled", async () => {
    const caller = new AbortController();
    const running = runJob(sleep, { parameters: { ms: 60_000 }, signal: caller.signal });

    setImmediate(() => caller.abort());

    expect((await running).status).toBe("CANCELLED");
  });

  it.each([{}, { ms: -1 }, { ms: 1.5 }, { ms: 1, more: true }])("refuses %j", async (parameters) => {
    expect(await refusal(sleep, parameters)).toMatchObject({ code: "invalid_parameters" });
  });
});

describe("demo.countdown", () => {
  it("takes 5 steps without output unless told otherwise", async () => {
    const run = await runJob(countdown, { parameters: { stepMs: 0 } });

    expect(run.result).toEqual({ steps: 5, attempts: 1 });
    expect(run.progress.map(({ fraction }) => fraction)).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
    expect(run.progress.at(-1)).toMatchObject({ currentStep: 5, totalSteps: 5, message: "Step 5 of 5" });
    expect(run.outputs).toEqual([]);
  });

  it("gives one output per step when asked", async () => {
    const run = await runJob(countdown, { parameters: { steps: 2, stepMs: 0, output: true } });

    expect(run.outputs.map(({ chunk }) => chunk)).toEqual([
      { step: 1, steps: 2 },
      { step: 2, steps: 2 },
    ]);
  });

  it("fails its first attempts at the given step and completes afterwards, 200 ms later at first", async () => {
    const parameters = { steps: 3, stepMs: 0, failAtStep: 2, failAttempts: 2 };

    const run = await runJob(countdown, { parameters });

    expect(run.result).toEqual({ steps: 3, attempts: 3 });
    expect(run.attempts.map(({ retryAfterMs }) => retryAfterMs)).toEqual([200, 400, undefined]);
    expect(run.progress.map(({ attempt, currentStep }) => [attempt, currentStep])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [3, 2],
      [3, 3],
    ]);
  });

  it("fails for good after 3 attempts", async () => {
    const run = await runJob(countdown, { parameters: { stepMs: 0, failAtStep: 1, failAttempts: 9 } });

    expect(run).toMatchObject({ status: "FAILED", error: { code: "handler_error" } });
    expect(run.attempts).toHaveLength(3);
  });

  it("stops between its steps when it is cancelled", async () => {
    const caller = new AbortController();
    const running = runJob(countdown, { parameters: { stepMs: 60_000 }, signal: caller.signal });

    setImmediate(() => caller.abort());

    expect(await running).toMatchObject({ status: "CANCELLED", progress: [] });
  });

  it.each([{ steps: 0 }, { stepMs: -1 }, { output: "yes" }, { step: 1 }])("refuses %j", async (parameters) => {
    expect(await refusal(countdown, parameters)).toMatchObject({ code: "invalid_parameters" });
  });
});

describe("demo.fail", () => {
  it("fails at once with its code and message", async () => {
    const run = await runJob(fail, { parameters: { code: "out_of_ink", message: "There is no ink." } });

    expect(run).toMatchObject({ status: "FAILED", error: { code: "out_of_ink", message: "There is no ink." } });
    expect(run.attempts).toHaveLength(1);
  });

  it("is retried when asked: 3 attempts, the first wait 200 ms", async () => {
    const clock = new VirtualClock();

    const run = await runJob(fail, { parameters: { code: "busy", message: "Busy.", retryable: true }, clock });

    expect(run.attempts.map(({ retryAfterMs }) => retryAfterMs)).toEqual([200, 400, undefined]);
    expect(run.error).toEqual({ code: "busy", message: "Busy." });
  });

  it("refuses parameters without code or message", async () => {
    expect(await refusal(fail, { code: "x" })).toMatchObject({ code: "invalid_parameters" });
  });
});

describe("demo.log", () => {
  it("writes that many info lines", async () => {
    const run = await runJob(log, { parameters: { lines: 3 } });

    expect(run.logs.map(({ level, message }) => [level, message])).toEqual([
      ["info", "Line 1 of 3"],
      ["info", "Line 2 of 3"],
      ["info", "Line 3 of 3"],
    ]);
    expect(run.result).toEqual({ lines: 3 });
  });
});

it("there are exactly the five of the table", () => {
  const types = demoJobs.map(({ type }) => type);

  expect(types).toEqual(["demo.echo", "demo.sleep", "demo.countdown", "demo.fail", "demo.log"]);
});
