// What a worker keeps of attempts that are settled, however often the store refused or was away in between.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ManualClock, until } from "@meanwhile/store-testkit";
import { expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { AppError } from "../errors.js";
import { createMemoryStore } from "../store/memory-store.js";
import { withJobs } from "../testing/store-wrappers.js";
import { nextTurns, startTestService } from "../testing/test-service.js";

const JOBS = 150;

it("no attempt, no lease and no timer is kept once all is settled, although commits failed now and then", async () => {
  const contexts: WeakRef<object>[] = [];
  const definition = defineJob({
    type: "noted",
    concurrency: 20,
    timeoutMs: 60_000,
    retry: { maxAttempts: 3, initialDelayMs: 100 },
    async run(context) {
      contexts.push(new WeakRef(context));
      const { number } = context.parameters as { number: number };
      context.signal.addEventListener("abort", () => {});
      if (number % 3 === 0) await context.progress(0.5, "half");
      if (number % 5 === 0) context.log.info("here");
      if (number % 7 === 0 && context.job.attempt === 1) throw new Error("once more");
      return { number, padding: "x".repeat(1_000) };
    },
  });
  const clock = new ManualClock();
  let commits = 0;
  const store = withJobs(createMemoryStore({ clock }), (jobs) => ({
    async commit(changes, options) {
      commits++;
      if (commits % 3 === 0) throw new AppError("store_unavailable", { message: "away" });
      if (commits % 4 === 0 && changes.length > 1) throw new Error("canceling statement due to lock timeout");
      return jobs.commit(changes, options);
    },
  }));
  const service = await startTestService([definition], { clock, store });
  await service.pass(1_000);
  const timersAtRest = clock.pendingTimers;

  const numbers = Array.from({ length: JOBS }, (_, number) => number);
  const ids = (await Promise.all(numbers.map((number) => service.submit("noted", { number })))).map(({ id }) => id);
  await until(
    async () => {
      await service.pass(500);
      const found = await Promise.all(ids.map((id) => service.job(id)));
      return found.every(({ status }) => status === "COMPLETED");
    },
    { what: "every job is completed", limitMs: 15_000 },
  );
  await service.pass(1_000);
  await nextTurns();
  collectGarbage();

  expect(contexts.length).toBeGreaterThan(JOBS);
  expect(contexts.filter((context) => context.deref() !== undefined)).toHaveLength(0);
  expect(clock.pendingTimers).toBe(timersAtRest);
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
