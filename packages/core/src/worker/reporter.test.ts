// What a running attempt tells: progress throttled with the last one always, output in order, both only under the lease.
import { ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import type { Change, StoredEvent } from "../job/change.js";
import { readJsonPayload } from "../job/payload.js";
import { isRefusal, transition } from "../job/transitions.js";
import { createMemoryStore } from "../store/memory-store.js";
import { createHeldJob } from "../testing/held-job.js";
import { withJobs } from "../testing/store-wrappers.js";
import { nextTurns, startTestService } from "../testing/test-service.js";

describe("progress", () => {
  it("is written at once the first time, then at most every 100 ms, the latest wins", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const job = await service.submit("held");
    const { context } = await held.attempt(1);

    for (const percent of [1, 2, 3]) await context.progress(percent / 100);
    await nextTurns();
    service.clock.advance(99);
    await nextTurns();
    expect(fractions(await service.events(job.id))).toEqual([0.01]);
    service.clock.advance(1);
    await until(async () => (await service.told(job.id)).length === 4, { what: "the second progress is written" });

    expect(fractions(await service.events(job.id))).toEqual([0.01, 0.03]);
  });

  it("of the last call travels in the settling change itself", async () => {
    const held = createHeldJob();
    const clock = new ManualClock();
    const changes: Change[] = [];
    const store = withJobs(createMemoryStore({ clock }), (jobs) => ({
      commit(batch, options) {
        changes.push(...batch);
        return jobs.commit(batch, options);
      },
    }));
    const service = await startTestService([held.definition], { clock, store });
    const job = await service.submit("held");
    const attempt = await held.attempt(1);
    await attempt.context.progress(0.1);
    await nextTurns();

    await attempt.context.progress(0.9, "nearly", { currentStep: 9, totalSteps: 10 });
    attempt.fail(new Error("broken"));
    await held.attempt(2);

    expect(changes.at(-1)?.events.map(({ type }) => type)).toEqual(["job.progress", "job.retrying"]);
    expect((await service.job(job.id)).progress).toEqual({
      fraction: 0.9,
      message: "nearly",
      currentStep: 9,
      totalSteps: 10,
    });
  });

  it("outside of 0 to 1 is the handler's mistake", async () => {
    const over = defineJob({ type: "over", retry: { maxAttempts: 1 }, run: ({ progress }) => progress(1.5) });
    const service = await startTestService([over]);

    const job = await service.submit("over");

    expect((await service.reaches(job.id, "FAILED")).error?.code).toBe("handler_error");
    expect(service.logged.some(({ message }) => message.includes("must be from 0 to 1, got 1.5"))).toBe(true);
  });

  it("after the end writes nothing", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const job = await service.submit("held");
    const attempt = await held.attempt(1);
    attempt.complete();
    await service.reaches(job.id, "COMPLETED");

    await attempt.context.progress(0.5);
    await expect(attempt.context.output("late")).rejects.toThrow();
    await service.pass(500);

    expect(await service.told(job.id)).toEqual(["submitted", "started", "completed"]);
  });
});

describe("output", () => {
  it("keeps its order, also where the handler does not wait for it", async () => {
    const many = defineJob({
      type: "many",
      async run({ output, progress }) {
        const written: Promise<void>[] = [];
        for (let index = 0; index < 300; index++) {
          written.push(output(index));
          if (index % 50 === 0) await progress(index / 300);
        }
        await Promise.all(written);
      },
    });
    const service = await startTestService([many]);

    const job = await service.submit("many");
    await service.reaches(job.id, "COMPLETED");

    expect(chunks(await service.events(job.id))).toEqual(Array.from({ length: 300 }, (_, index) => index));
  });

  it("that nobody waited for is still stored before the end", async () => {
    const floating = defineJob({
      type: "floating",
      run({ output }) {
        for (let index = 0; index < 5; index++) void output(index);
        return "done";
      },
    });
    const service = await startTestService([floating]);

    const job = await service.submit("floating");
    await service.reaches(job.id, "COMPLETED");

    expect(chunks(await service.events(job.id))).toEqual([0, 1, 2, 3, 4]);
    expect((await service.told(job.id)).at(-1)).toBe("completed");
  });

  it("resolves when its event can be read", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const job = await service.submit("held");
    const { context } = await held.attempt(1);

    await context.output({ row: 1 });

    expect(chunks(await service.events(job.id))).toEqual([{ row: 1 }]);
  });

  it.each([
    ["too large", "x".repeat(64 * 1024)],
    ["with NUL", "a\0b"],
    ["with a lone surrogate", "\ud800"],
  ])("%s fails the job for good", async (_, chunk) => {
    const large = defineJob({ type: "large", run: ({ output }) => output(chunk) });
    const service = await startTestService([large]);

    const job = await service.submit("large");

    expect(await service.reaches(job.id, "FAILED")).toMatchObject({ attempt: 1, error: { code: "output_limit" } });
  });

  it("fails the job also where the handler never looked at the promise", async () => {
    const careless = defineJob({
      type: "careless",
      run({ output }) {
        output("x".repeat(64 * 1024)).catch(() => undefined);
        return "done";
      },
    });
    const service = await startTestService([careless]);

    const job = await service.submit("careless");

    expect(await service.reaches(job.id, "FAILED")).toMatchObject({ attempt: 1, error: { code: "output_limit" } });
  });

  it("beyond 10,000 calls fails the job for good", async () => {
    const endless = defineJob({
      type: "endless",
      async run({ output }) {
        const written: Promise<void>[] = [];
        for (let index = 0; index <= 10_000; index++) written.push(output(index));
        await Promise.all(written);
      },
    });
    const service = await startTestService([endless]);

    const job = await service.submit("endless");
    const { error, lastSeq } = await service.reaches(job.id, "FAILED");

    expect(error?.code).toBe("output_limit");
    expect(lastSeq).toBe(10_003);
  });

  it("without the lease is refused, and the signal fires", async () => {
    const deaf = createHeldJob({ deaf: true });
    const service = await startTestService([deaf.definition]);
    const job = await service.submit("held");
    const attempt = await deaf.attempt(1);
    const row = await service.job(job.id);
    const expired = transition(row, { kind: "expireLease", retryAfterMs: 60_000 }, row.lease!.expiresAt);
    if (isRefusal(expired)) throw new Error(expired.refused);
    await service.store.jobs.commit([expired]);

    await expect(attempt.context.output("late")).rejects.toMatchObject({ reason: "lease_lost" });

    expect(attempt.abortedBy()).toBe("lease_lost");
    expect(await service.told(job.id)).toEqual(["submitted", "started", "retrying"]);
  });
});

const fractions = (events: readonly StoredEvent[]) =>
  events
    .filter(({ type }) => type === "job.progress")
    .map(({ data }) => (readJsonPayload(data!) as { progress: number }).progress);

const chunks = (events: readonly StoredEvent[]) =>
  events
    .filter(({ type }) => type === "job.output")
    .map(({ data }) => (readJsonPayload(data!) as { chunk: unknown }).chunk);
