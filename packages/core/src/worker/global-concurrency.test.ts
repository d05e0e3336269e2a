// A type that only so many processes may run at once: the worker's part of it.
import { ManualClock, makeNewJob, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL as principal } from "../principal/principal.js";
import { createMemoryStore } from "../store/memory-store.js";
import { createHeldJob } from "../testing/held-job.js";
import { withJobs } from "../testing/store-wrappers.js";
import { nextTurns, startTestService } from "../testing/test-service.js";

describe("globalConcurrency", () => {
  it("runs no more at once than it says, and the next as soon as one has ended", async () => {
    const held = createHeldJob({ concurrency: 10, globalConcurrency: 2 });
    const service = await startTestService([held.definition]);

    for (let n = 0; n < 4; n++) await service.submit("held");
    await held.attempt(2);
    await nextTurns();

    expect(held.attempts).toHaveLength(2);

    held.attempts[0]!.complete();

    // The clock stands still: no poll may be needed for it.
    await held.attempt(3);
    held.attempts[1]!.fail(new Error("no"));
    await held.attempt(4);
  });

  it("is one for two processes on the same store", async () => {
    const clock = new ManualClock();
    const store = createMemoryStore({ clock });
    const here = createHeldJob({ globalConcurrency: 1 });
    const there = createHeldJob({ globalConcurrency: 1 });
    const first = await startTestService([here.definition], { clock, store });
    await startTestService([there.definition], { clock, store });
    for (let n = 0; n < 6; n++) await first.submit("held");
    const begun = () => [...here.attempts, ...there.attempts];

    for (let n = 1; n <= 6; n++) {
      await until(
        async () => {
          await first.pass(250); // the memory store gives no hints between processes
          return begun().length === n;
        },
        { what: `attempt ${n} begins` },
      );
      const running = await first.engine.list({ status: "PROCESSING", limit: 10 }, { principal });
      expect(running.items).toHaveLength(1);
      begun()
        .find(({ jobId }) => jobId === running.items[0]!.id)!
        .complete();
    }
  });

  it("lets the next start when a job was cancelled", async () => {
    const held = createHeldJob({ globalConcurrency: 1 });
    const service = await startTestService([held.definition]);
    const first = await service.submit("held");
    const second = await service.submit("held");
    await held.attempt(1);

    await service.engine.cancel(first.id, { principal });

    expect((await held.attempt(2)).jobId).toBe(second.id);
  });

  it("counts the leases of a process that died, until they have run out", async () => {
    const clock = new ManualClock();
    const store = createMemoryStore({ clock });
    const lease = { token: "of-the-dead", workerId: "dead", expiresAt: clock.now() + 500 };
    await store.jobs.insert([[makeNewJob({ type: "held", createdAt: clock.now() }, { lease })]]);
    const held = createHeldJob({ globalConcurrency: 1, retry: { initialDelayMs: 60_000, jitter: "none" } });
    const service = await startTestService([held.definition], { clock, store, worker: { pollEveryMs: 600_000 } });
    const waiting = await service.submit("held");
    await service.pass(400);
    const meanwhile = held.attempts.length;

    // A process that has just come gives every lease one full lease first.
    await service.pass(20_000);

    expect(meanwhile).toBe(0);
    expect((await held.attempt(1)).jobId).toBe(waiting.id);
  });

  it("claims nothing ahead and stores nothing with its first lease, so that other processes find work", async () => {
    const asked: (number | null | undefined)[] = [];
    const clock = new ManualClock();
    const inserted: (string | null)[] = [];
    const store = withJobs(createMemoryStore({ clock }), (jobs) => ({
      claim(request) {
        for (const { limit, globalConcurrency } of request.types) asked.push(limit, globalConcurrency);
        return jobs.claim(request);
      },
      insert(groups) {
        for (const { job } of groups.flat()) inserted.push(job.readiness);
        return jobs.insert(groups);
      },
    }));
    const held = createHeldJob({ concurrency: 3, globalConcurrency: 2 });
    const service = await startTestService([held.definition], { clock, store });

    for (let n = 1; n <= 10; n++) {
      await service.submit("held");
      (await held.attempt(n)).complete();
      await nextTurns();
    }

    expect(inserted).toEqual(Array.from({ length: 10 }, () => "ready"));
    expect(new Set(asked)).toEqual(new Set([3, 2]));
  });
});
