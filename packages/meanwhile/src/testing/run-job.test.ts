// What `runJob` promises to those who test their jobs.
import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import { AppError, defineJob, NonRetryableError, RetryAfterError, RetryableError } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { runJob, VirtualClock } from "./index.js";

const greet = defineJob({
  type: "greet",
  parameters: z.object({ name: z.string(), times: z.int().default(1) }),
  result: z.object({ text: z.string() }),
  run: ({ parameters }) => ({ text: `Hello, ${parameters.name}!`.repeat(parameters.times) }),
});

describe("parameters and result", () => {
  it("fills in defaults and gives the result", async () => {
    const run = await runJob(greet, { parameters: { name: "Ada" } });

    expect(run).toMatchObject({ status: "COMPLETED", result: { text: "Hello, Ada!" }, error: undefined });
  });

  it("refuses parameters as a submit would", async () => {
    const refusal = await runJob(greet, { parameters: { name: 5 as never } }).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(AppError);
    expect(refusal).toMatchObject({ code: "invalid_parameters", faults: [{ pointer: "#/parameters/name" }] });
  });

  it("fails a job whose result does not fit, without another attempt", async () => {
    const wrong = defineJob({ type: "wrong", result: z.object({ n: z.number() }), run: () => ({ n: "1" as never }) });

    const run = await runJob(wrong);

    expect(run).toMatchObject({ status: "FAILED", error: { code: "invalid_result" }, attempts: [{ attempt: 1 }] });
  });

  it("gives the result as JSON carries it", async () => {
    const dated = defineJob({ type: "dated", run: () => ({ at: new Date(0), gone: undefined }) });

    expect((await runJob(dated)).result).toEqual({ at: "1970-01-01T00:00:00.000Z" });
  });
});

describe("errors", () => {
  it("retries what was thrown without a code, skips the waits, and hides the message from callers", async () => {
    const clock = new VirtualClock();
    const startedAt = clock.now();
    const flaky = defineJob({
      type: "flaky",
      retry: { maxAttempts: 3, initialDelayMs: 60_000 },
      run: () => {
        throw new Error("password=hunter2");
      },
    });

    const run = await runJob(flaky, { clock });

    expect(run.status).toBe("FAILED");
    expect(run.error).toEqual({ code: "handler_error", message: "The job failed." });
    expect(run.attempts.map(({ retryAfterMs }) => retryAfterMs)).toEqual([60_000, 120_000, undefined]);
    expect(run.attempts[0]?.thrown).toMatchObject({ message: "password=hunter2" });
    expect(clock.now() - startedAt).toBe(180_000);
  });

  it("ends at once on a NonRetryableError, with its code, message and details", async () => {
    const empty = defineJob({
      type: "empty",
      run: () => {
        throw new NonRetryableError("empty_file", "The file has no bytes.", { details: { sizeBytes: 0 } });
      },
    });

    const run = await runJob(empty);

    expect(run.attempts).toHaveLength(1);
    expect(run.error).toEqual({ code: "empty_file", message: "The file has no bytes.", details: { sizeBytes: 0 } });
  });

  it("waits as a RetryAfterError asks, and completes in a later attempt", async () => {
    const limited = defineJob({
      type: "limited",
      run: ({ job }) => {
        if (job.attempt === 1) throw new RetryAfterError(5_000);
        if (job.attempt === 2) throw new RetryableError("bank_unreachable", "The bank did not answer.");
        return { attempts: job.attempt };
      },
    });

    const run = await runJob(limited);

    expect(run.result).toEqual({ attempts: 3 });
    expect(run.attempts.map(({ error }) => error?.code)).toEqual(["handler_error", "bank_unreachable", undefined]);
    expect(run.attempts[0]?.retryAfterMs).toBe(5_000);
  });
});

describe("what the job tells", () => {
  const chatty = defineJob({
    type: "chatty",
    async run({ progress, output, log, commit, job }) {
      await progress(0.5, "half", { currentStep: 1, totalSteps: 2 });
      await output({ row: 1 });
      log.warn("odd", { row: 1 });
      commit((transaction) => transaction.run("insert into rows values (?)", [job.attempt]));
      if (job.attempt === 1) throw new Error("again");
      return null;
    },
  });

  it("records progress, outputs and logs of every attempt, and the statements of the one that completed", async () => {
    const run = await runJob(chatty);

    const seen = [run.progress, run.outputs, run.logs].map((list) => list.map(({ attempt }) => attempt));
    expect(seen).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(run.progress[0]).toMatchObject({ fraction: 0.5, message: "half", currentStep: 1, totalSteps: 2 });
    expect(run.outputs[0]?.chunk).toEqual({ row: 1 });
    expect(run.logs[0]).toMatchObject({ level: "warn", message: "odd", fields: { row: 1 } });
    expect(run.statements).toEqual([{ sql: "insert into rows values (?)", values: [2] }]);
  });
});

describe("files", () => {
  const shout = defineJob({
    type: "shout",
    parameters: z.object({ file: z.uuid() }),
    async run({ parameters, files }) {
      const source = await files.open(parameters.file);
      const upper = (await text(source.stream())).toUpperCase();
      return { file: (await files.save(upper, { name: `loud-${source.name}`, mediaType: "text/plain" })).id };
    },
  });

  it("opens the given files and keeps the saved ones", async () => {
    const file = randomUUID();

    const run = await runJob(shout, { parameters: { file }, files: { [file]: { bytes: "quiet", name: "a.txt" } } });

    expect(run.files).toHaveLength(1);
    expect(run.files[0]).toMatchObject({ name: "loud-a.txt", mediaType: "text/plain", sizeBytes: 5 });
    expect(run.files[0]?.bytes.toString()).toBe("QUIET");
    expect(run.result).toEqual({ file: run.files[0]?.id });
  });

  it("fails for good where the file is not there", async () => {
    const run = await runJob(shout, { parameters: { file: randomUUID() } });

    expect(run).toMatchObject({ status: "FAILED", error: { code: "file_not_found" }, attempts: [{ attempt: 1 }] });
  });
});

describe("stopping", () => {
  const patient = (began: () => void) =>
    defineJob({
      type: "patient",
      timeoutMs: 1_000,
      retry: { maxAttempts: 1 },
      run: ({ signal }) => {
        began();
        return new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    });

  it("times out when the virtual clock passes the timeout", async () => {
    const clock = new VirtualClock();

    const run = await runJob(
      patient(() => queueMicrotask(() => clock.advance(1_000))),
      { clock },
    );

    expect(run).toMatchObject({ status: "FAILED", error: { code: "timeout" }, attempts: [{ outcome: "aborted" }] });
  });

  it("is cancelled by the caller's signal", async () => {
    const caller = new AbortController();

    const run = await runJob(
      patient(() => queueMicrotask(() => caller.abort())),
      { signal: caller.signal },
    );

    expect(run).toMatchObject({ status: "CANCELLED", result: undefined, attempts: [{ outcome: "aborted" }] });
  });

  it("completes when the handler returned before it saw the cancellation", async () => {
    const caller = new AbortController();
    const quick = defineJob({
      type: "quick",
      run: () => {
        caller.abort();
        return "done";
      },
    });

    expect(await runJob(quick, { signal: caller.signal })).toMatchObject({ status: "COMPLETED", result: "done" });
  });
});
