// Counting who waits: before one job, and per type.
import { describe, expect, it } from "vitest";
import { makeId } from "../builders.js";
import type { Given } from "../describe-store.js";
import { claim, claimOne, NOW, SECOND, settle, submit, submitAll } from "./moves.js";

export function describeCounts(given: Given): void {
  describe("countAhead", () => {
    it("counts the ready jobs of its type that a claim would take first", async () => {
      const jobs = await submitAll(given.store, [
        { priority: 0 },
        { priority: 5 },
        { priority: 0, runAt: NOW + 9, readiness: "ready" },
        { priority: 0 },
        { priority: 100, type: "other" },
        { priority: 100, runAt: NOW + SECOND },
      ]);

      const ahead = await Promise.all(
        jobs.slice(0, 4).map(({ id }) => given.store.jobs.countAhead(id, { limit: 100 })),
      );

      expect(ahead).toEqual([1, 0, 2, 3]);
    });

    it("stops at the limit", async () => {
      const jobs = await submitAll(given.store, [{}, {}, {}, {}]);

      expect(await given.store.jobs.countAhead(jobs[3]!.id, { limit: 2 })).toBe(2);
    });

    it("agrees with the claims that follow", async () => {
      const jobs = await submitAll(
        given.store,
        [3, -1, 3, 0, 7, 0].flatMap((priority) => [
          { priority, owner: "acme" },
          { priority, owner: "acme" },
          { priority, owner: "globex" },
        ]),
      );
      const ahead = await Promise.all(jobs.map(({ id }) => given.store.jobs.countAhead(id, { limit: 100 })));

      const claimed = await claim(given.store, { limit: 100 });

      expect(jobs.map(({ id }) => claimed.findIndex((job) => job.id === id))).toEqual(ahead);
    });

    it("has no answer for a job that is not ready", async () => {
      const delayed = await submit(given.store, { runAt: NOW + SECOND });
      await submit(given.store, { concurrencyKey: "k" });
      const blocked = await submit(given.store, { concurrencyKey: "k" });
      const running = await claimOne(given.store);

      for (const id of [delayed.id, blocked.id, running.id, makeId()]) {
        expect(await given.store.jobs.countAhead(id, { limit: 10 })).toBeUndefined();
      }
    });
  });

  describe("countWaiting", () => {
    it("counts jobs that are neither running nor over, whatever they wait for", async () => {
      await submitAll(given.store, [
        { type: "a" },
        { type: "a", runAt: NOW + SECOND },
        { type: "a", concurrencyKey: "k" },
        { type: "a", concurrencyKey: "k" },
        { type: "b" },
        { type: "c" },
      ]);
      await claimOne(given.store, { types: ["c"] });
      const over = await submit(given.store, { type: "d" });
      await settle(given.store, over, { kind: "requestCancel", by: "acme" });

      const counts = await given.store.jobs.countWaiting(["a", "c", "d", "unknown"], { limit: 100 });

      expect([...counts]).toEqual([["a", 4]]);
    });

    it("stops at the limit, for each type alone", async () => {
      await submitAll(given.store, [{ type: "a" }, { type: "b" }, { type: "a" }, { type: "a" }]);

      const counts = await given.store.jobs.countWaiting(["a", "b"], { limit: 2 });

      expect(Object.fromEntries(counts)).toEqual({ a: 2, b: 1 });
    });

    it("counts a job that waits to be undone", async () => {
      await submit(given.store, { undoSteps: ["reserve"] });
      const running = await claimOne(given.store);
      await settle(given.store, running, {
        kind: "fail",
        leaseToken: running.lease.token,
        error: { code: "handler_error", message: "It broke." },
        retry: "never",
      });

      expect(Object.fromEntries(await given.store.jobs.countWaiting(["report"], { limit: 9 }))).toEqual({ report: 1 });
    });
  });
}
