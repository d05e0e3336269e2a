// Settling: an outcome is stored once, under the lease, whatever happens in between.
import { ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { AppError } from "../errors.js";
import { type InstrumentPoints, subscribe } from "../instrument.js";
import { isRefusal, transition } from "../job/transitions.js";
import { LOCAL_PRINCIPAL } from "../principal/principal.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { Store } from "../store/store.js";
import { createHeldJob } from "../testing/held-job.js";
import { createOutage, withJobs } from "../testing/store-wrappers.js";
import { startTestService } from "../testing/test-service.js";

const access = { principal: LOCAL_PRINCIPAL };

describe("settling", () => {
  it("decides again when a cancel came in between: a cancel that was answered is never lost to a retry", async () => {
    const held = createHeldJob({ retry: { initialDelayMs: 0 } });
    const clock = new ManualClock();
    let injected = false;
    const store = withJobs(createMemoryStore({ clock }), (jobs) => ({
      async commit(changes, options) {
        const retry = changes.find(({ patch }) => patch.status === "PENDING");
        if (retry !== undefined && !injected) {
          injected = true;
          const job = (await jobs.find(retry.jobId))!;
          const wish = transition(job, { kind: "requestCancel", by: "ada" }, clock.now());
          if (!isRefusal(wish)) await jobs.commit([wish]);
        }
        return jobs.commit(changes, options);
      },
    }));
    const service = await startTestService([held.definition], { clock, store });
    const job = await service.submit("held");

    (await held.attempt(1)).fail(new Error("broken"));
    await service.reaches(job.id, "CANCELLED");

    expect(await service.told(job.id)).toEqual(["submitted", "started", "cancel_requested", "cancelled"]);
  });

  it("throws the outcome away, loudly, where the lease was taken", async () => {
    const held = createHeldJob({ deaf: true });
    const service = await startTestService([held.definition]);
    const lost: InstrumentPoints["meanwhile:lease-lost"][] = [];
    const unsubscribe = subscribe("meanwhile:lease-lost", (facts) => lost.push(facts));
    const job = await service.submit("held");
    const attempt = await held.attempt(1);
    await takeLease(service.store, job.id);

    attempt.complete("worthless");
    await until(() => lost.length > 0, { what: "the loss is published" });
    unsubscribe();

    expect(lost).toMatchObject([{ jobId: job.id, type: "held", attempt: 1 }]);
    expect(await service.told(job.id)).toEqual(["submitted", "started", "retrying"]);
    expect(await service.job(job.id)).toMatchObject({ status: "PENDING", result: null });
    expect(service.logged.map(({ message }) => message)).toContain(
      "the lease was lost; the outcome of the attempt is thrown away",
    );
  });

  it("waits for a store that is away, and stores the outcome when it is back", async () => {
    const held = createHeldJob();
    const clock = new ManualClock();
    const outage = createOutage();
    const kept = createMemoryStore({ clock });
    const service = await startTestService([held.definition], { clock, store: outage.wrap(kept) });
    const job = await service.submit("held");
    const attempt = await held.attempt(1);

    outage.begin();
    attempt.complete("done");
    await until(() => service.logged.some(({ message }) => message.startsWith("the store cannot be used")), {
      what: "settling has failed once",
    });
    outage.end();
    clock.advance(100);

    await until(async () => (await kept.jobs.find(job.id))?.status === "COMPLETED", { what: "the job is COMPLETED" });
    expect(held.attempts).toHaveLength(1);
  });

  it("fails the attempt where the store refuses the handler's own statements", async () => {
    const own = defineJob({
      type: "own",
      retry: { maxAttempts: 1 },
      run({ commit }) {
        commit((transaction) => transaction.run("insert into invoices values (?)", [1]));
        return "done";
      },
    });
    // The memory store runs no SQL.
    const service = await startTestService([own]);

    const job = await service.submit("own");

    expect(await service.reaches(job.id, "FAILED")).toMatchObject({
      error: { code: "handler_error", message: "The job failed." },
      result: null,
    });
    expect(service.logged.map(({ message }) => message)).toContain("the statements of context.commit failed");
  });

  it("does not take a store that is away for a refusal of the handler's statements", async () => {
    const clock = new ManualClock();
    let away = true;
    const store = withJobs(createMemoryStore({ clock }), (jobs) => ({
      commit: (changes, options) =>
        options?.userStatements === undefined
          ? jobs.commit(changes)
          : away
            ? Promise.reject(new AppError("store_unavailable", { message: "away" }))
            : jobs.commit(changes),
    }));
    const own = defineJob({
      type: "own",
      retry: { maxAttempts: 1 },
      run({ commit }) {
        commit((transaction) => transaction.run("insert into invoices values (1)"));
      },
    });
    const service = await startTestService([own], { clock, store });
    const job = await service.submit("own");
    await until(() => service.logged.some(({ message }) => message.startsWith("the store cannot be used")), {
      what: "settling has failed once",
    });

    const stopped = service.stop({ graceMs: 0 });
    clock.advance(100);
    await stopped;
    away = false;

    // Its lease runs out, and another worker runs it again.
    expect(await service.job(job.id)).toMatchObject({ status: "PROCESSING", error: null });
  });

  it("refuses a `commit` that waits for something", async () => {
    const own = defineJob({
      type: "own",
      run: ({ commit }) => commit((async () => {}) as () => void),
    });
    const service = await startTestService([own]);

    const job = await service.submit("own");

    expect((await service.reaches(job.id, "FAILED")).error?.code).toBe("invalid_commit");
  });

  it("chooses the wait of the type's policy with the injected chance, and starts again when it is over", async () => {
    const held = createHeldJob({ retry: { initialDelayMs: 1_000, factor: 3, maxAttempts: 3 } });
    const service = await startTestService([held.definition], { random: () => 0.5 });
    const job = await service.submit("held");

    (await held.attempt(1)).fail(new Error("broken"));
    const first = await service.reaches(job.id, "PENDING");
    expect(first).toMatchObject({ readiness: "delayed", runAt: service.clock.now() + 500, attempt: 1 });
    await service.pass(500);
    (await held.attempt(2)).fail(new Error("broken"));
    const second = await service.reaches(job.id, "PENDING");

    expect(second.runAt).toBe(service.clock.now() + 1_500);
    await service.pass(1_500);
    (await held.attempt(3)).fail(new Error("broken"));
    expect((await service.reaches(job.id, "FAILED")).error).toEqual({
      code: "handler_error",
      message: "The job failed.",
    });
  });

  it("publishes what became of each attempt", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const settled: InstrumentPoints["meanwhile:settle"][] = [];
    const unsubscribe = subscribe("meanwhile:settle", (facts) => settled.push(facts));
    const job = await service.submit("held");
    const attempt = await held.attempt(1);
    service.clock.advance(70);

    attempt.complete();
    await service.reaches(job.id, "COMPLETED");
    await until(() => settled.length > 0, { what: "the settlement is published" });
    unsubscribe();

    expect(settled).toMatchObject([{ jobId: job.id, type: "held", attempt: 1, outcome: "completed", ranMs: 70 }]);
  });

  it("cancels instead of retrying where the wish was known", async () => {
    const deaf = createHeldJob({ deaf: true });
    const service = await startTestService([deaf.definition]);
    const job = await service.submit("held");
    const attempt = await deaf.attempt(1);
    await service.engine.cancel(job.id, access);

    attempt.fail(new Error("broken"));

    await service.reaches(job.id, "CANCELLED");
  });
});

/** What the chore does when a lease has run out, at once. */
async function takeLease(store: Store, jobId: string): Promise<void> {
  const job = (await store.jobs.find(jobId))!;
  const overdue = job.lease!.expiresAt;
  const decision = transition(job, { kind: "expireLease", retryAfterMs: 60_000 }, overdue);
  if (isRefusal(decision)) throw new Error(decision.refused);
  expect(await store.jobs.commit([decision])).toMatchObject([{ outcome: "committed" }]);
}
