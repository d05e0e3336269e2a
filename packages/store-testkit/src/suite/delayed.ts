// Delayed jobs: nobody gets them before their time, and then they are ready in its order.
import { describe, expect, it } from "vitest";
import type { Given } from "../describe-store.js";
import { claim, claimOne, getJob, idsOf, NOW, readinessOf, SECOND, settle, submit, submitAll } from "./moves.js";

export function describeDelayed(given: Given): void {
  describe("makeReady", () => {
    it("makes a job ready at its runAt, not before, and draws no seq", async () => {
      const job = await submit(given.store, { runAt: NOW + SECOND });

      const early = await given.store.jobs.makeReady({ limit: 10, now: NOW + SECOND - 1 });
      const unchanged = await getJob(given.store, job.id);
      const due = await given.store.jobs.makeReady({ limit: 10, now: NOW + SECOND });

      expect(early).toEqual({ types: [], count: 0, nextRunAt: NOW + SECOND });
      expect(unchanged).toEqual(job);
      expect(due).toEqual({ types: ["report"], count: 1, nextRunAt: null });
      expect(await getJob(given.store, job.id)).toEqual({ ...job, readiness: "ready" });
    });

    it("names each type once, and when the next job is due", async () => {
      await submitAll(given.store, [
        { type: "a", runAt: NOW + 1 },
        { type: "b", runAt: NOW + 2 },
        { type: "a", runAt: NOW + 2 },
        { type: "c", runAt: NOW + 9 },
        { type: "c", runAt: NOW + 7 },
      ]);

      const result = await given.store.jobs.makeReady({ limit: 10, now: NOW + 5 });

      expect({ ...result, types: [...result.types].sort() }).toEqual({
        types: ["a", "b"],
        count: 3,
        nextRunAt: NOW + 7,
      });
    });

    it("takes the earliest runAt first, up to the limit, and says that one is still due", async () => {
      const [third, first, second] = await submitAll(given.store, [
        { runAt: NOW + 3 },
        { runAt: NOW + 1 },
        { runAt: NOW + 2 },
      ]);

      const result = await given.store.jobs.makeReady({ limit: 2, now: NOW + SECOND });

      expect(result).toMatchObject({ count: 2, nextRunAt: NOW + 3 });
      expect(await readinessOf(given.store, [first!, second!, third!])).toEqual(["ready", "ready", "delayed"]);
    });

    it("leaves ready, running and finished jobs alone", async () => {
      const ready = await submit(given.store);
      await submit(given.store, { type: "other" });
      const running = await claimOne(given.store, { types: ["other"] });

      const result = await given.store.jobs.makeReady({ limit: 10, now: NOW + 60 * SECOND });

      expect(result).toEqual({ types: [], count: 0, nextRunAt: null });
      expect(await getJob(given.store, ready.id)).toEqual(ready);
      expect((await getJob(given.store, running.id)).lease).toEqual(running.lease);
    });

    it("brings a job back that waits for its next attempt", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);
      await settle(given.store, running, {
        kind: "fail",
        leaseToken: running.lease.token,
        error: { code: "handler_error", message: "It broke." },
        retry: { afterMs: 5_000 },
      });

      const tooEarly = await claim(given.store, { now: NOW + 60 * SECOND });
      await given.store.jobs.makeReady({ limit: 10, now: NOW + 5_000 });
      const again = await claimOne(given.store, { now: NOW + 5_000 });

      expect(tooEarly).toEqual([]);
      expect(again).toMatchObject({ id: running.id, attempt: 2 });
    });

    it("claims what became ready in the order of its time", async () => {
      const [late, early] = await submitAll(given.store, [{ runAt: NOW + 20 }, { runAt: NOW + 10 }]);
      await given.store.jobs.makeReady({ limit: 10, now: NOW + SECOND });

      expect(idsOf(await claim(given.store, { now: NOW + SECOND }))).toEqual(idsOf([early!, late!]));
    });

    it("forgets a delayed job that was cancelled", async () => {
      const job = await submit(given.store, { runAt: NOW + SECOND });
      await settle(given.store, job, { kind: "requestCancel", by: "acme" });

      const result = await given.store.jobs.makeReady({ limit: 10, now: NOW + 2 * SECOND });

      expect(result).toEqual({ types: [], count: 0, nextRunAt: null });
    });
  });
}
