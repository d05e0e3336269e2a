// What is overdue: leases, deadlines to start, deadlines to finish.
import { describe, expect, it } from "vitest";
import type { Given } from "../describe-store.js";
import { claimOne, getJob, idsOf, NOW, SECOND, settle, submit, submitAll } from "./moves.js";

export function describeDue(given: Given): void {
  describe("findDue", () => {
    it("lease: finds whole jobs whose lease has run out, and no others", async () => {
      await submitAll(given.store, [{}, {}]);
      const short = await claimOne(given.store, { leaseMs: 1_000 });
      await claimOne(given.store, { leaseMs: 60_000 });
      await submit(given.store);

      const early = await given.store.jobs.findDue("lease", { limit: 10, now: NOW + 999 });
      const due = await given.store.jobs.findDue("lease", { limit: 10, now: NOW + 1_000 });

      expect(early).toEqual([]);
      expect(due).toEqual([await getJob(given.store, short.id)]);
    });

    it("lease: finds an undoing whose lease has run out", async () => {
      await submit(given.store, { undoSteps: ["reserve"] });
      const running = await claimOne(given.store);
      await settle(given.store, running, {
        kind: "fail",
        leaseToken: running.lease.token,
        error: { code: "handler_error", message: "It broke." },
        retry: "never",
      });
      const undoing = await claimOne(given.store, { leaseMs: 10 });

      expect(idsOf(await given.store.jobs.findDue("lease", { limit: 10, now: NOW + 10 }))).toEqual([undoing.id]);
    });

    it("start: finds jobs that never started by their startBy, delayed and blocked ones too", async () => {
      const startBy = NOW + SECOND;
      const [ready, delayed, , blocked] = await submitAll(given.store, [
        { startBy },
        { startBy: startBy + 1, runAt: NOW + 60 * SECOND },
        { concurrencyKey: "k" },
        { startBy: startBy + 2, concurrencyKey: "k" },
        { startBy: startBy + 60 * SECOND },
      ]);

      const early = await given.store.jobs.findDue("start", { limit: 10, now: startBy - 1 });
      const due = await given.store.jobs.findDue("start", { limit: 10, now: startBy + SECOND });

      expect(early).toEqual([]);
      expect(due).toEqual([ready, delayed, blocked]);
    });

    it("start: a job that has started once is never late to start", async () => {
      await submit(given.store, { startBy: NOW + SECOND });
      const running = await claimOne(given.store);
      const whileRunning = await given.store.jobs.findDue("start", { limit: 10, now: NOW + 2 * SECOND });
      await settle(given.store, running, { kind: "handBack", leaseToken: running.lease.token });

      expect(whileRunning).toEqual([]);
      expect(await given.store.jobs.findDue("start", { limit: 10, now: NOW + 2 * SECOND })).toEqual([]);
    });

    it("deadline: finds waiting jobs past their completeBy, started before or not", async () => {
      const completeBy = NOW + SECOND;
      const [retrying, waiting] = await submitAll(given.store, [
        { completeBy },
        { completeBy: completeBy + 1, runAt: NOW + 60 * SECOND },
        { completeBy: completeBy + 60 * SECOND },
      ]);
      const running = await claimOne(given.store);
      const whileRunning = await given.store.jobs.findDue("deadline", { limit: 10, now: completeBy });
      await settle(given.store, running, { kind: "handBack", leaseToken: running.lease.token });

      const due = await given.store.jobs.findDue("deadline", { limit: 10, now: completeBy + SECOND });

      expect(whileRunning).toEqual([]);
      expect(idsOf(due)).toEqual(idsOf([retrying!, waiting!]));
    });

    it("deadline: a rollback has none", async () => {
      await submit(given.store, { undoSteps: ["reserve"], completeBy: NOW + SECOND });
      const running = await claimOne(given.store);
      await settle(given.store, running, {
        kind: "fail",
        leaseToken: running.lease.token,
        error: { code: "handler_error", message: "It broke." },
        retry: "never",
      });

      expect(await given.store.jobs.findDue("deadline", { limit: 10, now: NOW + 60 * SECOND })).toEqual([]);
    });

    it("finds nothing of jobs that are over", async () => {
      const job = await submit(given.store, { startBy: NOW + 1, completeBy: NOW + 1 });
      await settle(given.store, job, { kind: "requestCancel", by: "acme" });

      for (const due of ["lease", "start", "deadline"] as const) {
        expect(await given.store.jobs.findDue(due, { limit: 10, now: NOW + 60 * SECOND })).toEqual([]);
      }
    });

    it("gives the longest overdue first, up to the limit", async () => {
      const [third, first, second] = await submitAll(given.store, [
        { startBy: NOW + 30, completeBy: NOW + 31 },
        { startBy: NOW + 10, completeBy: NOW + 11 },
        { startBy: NOW + 20, completeBy: NOW + 21 },
      ]);

      const start = await given.store.jobs.findDue("start", { limit: 2, now: NOW + SECOND });
      const deadline = await given.store.jobs.findDue("deadline", { limit: 3, now: NOW + SECOND });

      expect(idsOf(start)).toEqual(idsOf([first!, second!]));
      expect(idsOf(deadline)).toEqual(idsOf([first!, second!, third!]));
    });
  });
}
