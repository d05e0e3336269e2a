// Turns of a concurrencyKey: one job per owner and key at a time, in the order in which they fell due.
import { type ClaimedJob, jsonPayload } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { makeNewJob } from "../builders.js";
import type { Given } from "../describe-store.js";
import { apply, claim, claimOne, getJob, idsOf, NOW, readinessOf, SECOND, settle, submit, submitAll } from "./moves.js";

const BROKEN = { code: "handler_error", message: "It broke." };
const completed = ({ lease }: ClaimedJob) =>
  ({ kind: "complete", leaseToken: lease.token, result: jsonPayload(1) }) as const;
const retriedIn = ({ lease }: ClaimedJob, afterMs: number) =>
  ({ kind: "fail", leaseToken: lease.token, error: BROKEN, retry: { afterMs } }) as const;

export function describeOrderOfTurns(given: Given): void {
  describe("turns of a concurrencyKey", () => {
    const key = { concurrencyKey: "order-17" };

    it("only the first job of a key is ready", async () => {
      const jobs = await submitAll(given.store, [key, key, key]);

      expect(await readinessOf(given.store, jobs)).toEqual(["ready", "blocked", "blocked"]);
      expect(idsOf(await claim(given.store))).toEqual([jobs[0]!.id]);
      expect(await claim(given.store)).toEqual([]);
    });

    it("holds inside one group as well", async () => {
      const group = [makeNewJob(key), makeNewJob(), makeNewJob(key)];
      await given.store.jobs.insert([group]);

      const readiness = await readinessOf(
        given.store,
        group.map(({ job }) => job),
      );

      expect(readiness).toEqual(["ready", "ready", "blocked"]);
    });

    it("the end of one job is the turn of the next, in the order of submit", async () => {
      const jobs = await submitAll(given.store, [key, key, key]);
      const order: string[] = [];

      for (let turn = 0; turn < 3; turn++) {
        const running = await claimOne(given.store);
        order.push(running.id);
        expect(await claim(given.store)).toEqual([]);
        await settle(given.store, running, completed(running));
      }

      expect(order).toEqual(idsOf(jobs));
    });

    it("a turn that passes on draws no seq and leaves updatedAt alone", async () => {
      const [, second] = await submitAll(given.store, [key, key]);
      const running = await claimOne(given.store);

      await settle(given.store, running, completed(running), NOW + SECOND);

      expect(await getJob(given.store, second!.id)).toEqual({ ...second, readiness: "ready" });
    });

    it("priority does not jump the queue of a key", async () => {
      const [first] = await submitAll(given.store, [key, { ...key, priority: 100 }]);

      expect(idsOf(await claim(given.store))).toEqual([first!.id]);
    });

    it("keys of different owners, and different keys of one owner, do not meet", async () => {
      const jobs = await submitAll(given.store, [
        { owner: "a", concurrencyKey: "b:c" },
        { owner: "a:b", concurrencyKey: "c" },
        { owner: "a", concurrencyKey: "B:C" },
        { owner: "a", concurrencyKey: null },
      ]);

      expect(await readinessOf(given.store, jobs)).toEqual(["ready", "ready", "ready", "ready"]);
    });

    it("a key spans the types of its owner", async () => {
      const jobs = await submitAll(given.store, [
        { ...key, type: "charge" },
        { ...key, type: "refund" },
      ]);
      const running = await claimOne(given.store, { types: ["charge", "refund"] });
      await settle(given.store, running, completed(running));

      expect(await readinessOf(given.store, jobs)).toEqual([null, "ready"]);
    });

    it("a job that waits for its next attempt keeps the turn", async () => {
      const jobs = await submitAll(given.store, [key, key]);
      const running = await claimOne(given.store);

      await settle(given.store, running, retriedIn(running, 5_000));

      expect(await readinessOf(given.store, jobs)).toEqual(["delayed", "blocked"]);
      await given.store.jobs.makeReady({ limit: 10, now: NOW + 5_000 });
      expect(await readinessOf(given.store, jobs)).toEqual(["ready", "blocked"]);
    });

    it("a job that was handed back keeps the turn", async () => {
      const jobs = await submitAll(given.store, [key, key]);
      const running = await claimOne(given.store);

      await settle(given.store, running, { kind: "handBack", leaseToken: running.lease.token });

      expect(await readinessOf(given.store, jobs)).toEqual(["ready", "blocked"]);
    });

    it("a job that must be rolled back keeps the turn until it is undone", async () => {
      const jobs = await submitAll(given.store, [{ ...key, undoSteps: ["reserve"] }, key]);
      const running = await claimOne(given.store);
      await settle(given.store, running, {
        kind: "fail",
        leaseToken: running.lease.token,
        error: BROKEN,
        retry: "never",
      });
      const beforeUndo = await readinessOf(given.store, jobs);
      const undoing = await claimOne(given.store);

      await settle(given.store, undoing, { kind: "finishUndo", leaseToken: undoing.lease.token });

      expect(beforeUndo).toEqual(["ready", "blocked"]);
      expect(await readinessOf(given.store, jobs)).toEqual([null, "ready"]);
    });

    it("a delayed job joins when it is due, behind those that were due before it", async () => {
      const [delayed, running, waiting] = await submitAll(given.store, [{ ...key, runAt: NOW + SECOND }, key, key]);
      const first = await claimOne(given.store);
      const made = await given.store.jobs.makeReady({ limit: 10, now: NOW + SECOND });
      const joined = await readinessOf(given.store, [delayed!, waiting!]);

      await settle(given.store, first, completed(first));

      expect(first.id).toBe(running!.id);
      expect(made).toEqual({ types: [], count: 1, nextRunAt: null });
      expect(joined).toEqual(["blocked", "blocked"]);
      expect(await readinessOf(given.store, [delayed!, waiting!])).toEqual(["blocked", "ready"]);
    });

    it("delayed jobs that fall due together join in the order of runAt, then of submit", async () => {
      const [c, a, b] = await submitAll(given.store, [
        { ...key, runAt: NOW + 2 },
        { ...key, runAt: NOW + 1 },
        { ...key, runAt: NOW + 1 },
      ]);
      await given.store.jobs.makeReady({ limit: 10, now: NOW + SECOND });
      const order: string[] = [];

      for (let turn = 0; turn < 3; turn++) {
        const running = await claimOne(given.store);
        order.push(running.id);
        await settle(given.store, running, completed(running));
      }

      expect(order).toEqual(idsOf([a!, b!, c!]));
    });

    it("a delayed job is not in the way before it is due", async () => {
      const [, due] = await submitAll(given.store, [{ ...key, runAt: NOW + SECOND }, key]);

      expect(await readinessOf(given.store, [due!])).toEqual(["ready"]);
    });

    it("a job that leaves from the middle does not disturb the others", async () => {
      const jobs = await submitAll(given.store, [key, key, key]);
      const running = await claimOne(given.store);
      await settle(given.store, jobs[1]!, { kind: "requestCancel", by: "acme" });
      const whileRunning = await readinessOf(given.store, jobs);

      await settle(given.store, running, completed(running));

      expect(whileRunning).toEqual([null, null, "blocked"]);
      expect(await readinessOf(given.store, jobs)).toEqual([null, null, "ready"]);
    });

    it("a head that is cancelled before it ran passes the turn on", async () => {
      const jobs = await submitAll(given.store, [key, key]);

      await settle(given.store, jobs[0]!, { kind: "requestCancel", by: "acme" });

      expect(await readinessOf(given.store, jobs)).toEqual([null, "ready"]);
    });

    it("a head that is cancelled while it waits for its next attempt passes the turn on", async () => {
      const jobs = await submitAll(given.store, [key, key]);
      const running = await claimOne(given.store);
      const retrying = await settle(given.store, running, retriedIn(running, 5_000));

      await settle(given.store, retrying, { kind: "requestCancel", by: "acme" });

      expect(await readinessOf(given.store, jobs)).toEqual([null, "ready"]);
    });

    it("a lease that ran out keeps the turn for the next attempt, and passes it on after the last", async () => {
      const jobs = await submitAll(given.store, [{ ...key, maxAttempts: 2 }, key]);
      const first = await claimOne(given.store, { leaseMs: 10 });
      await settle(given.store, first, { kind: "expireLease", retryAfterMs: 0 }, NOW + 10);
      const between = await readinessOf(given.store, jobs);
      const last = await claimOne(given.store, { leaseMs: 10, now: NOW + 10 });

      await settle(given.store, last, { kind: "expireLease", retryAfterMs: 0 }, NOW + 20);

      expect(between).toEqual(["ready", "blocked"]);
      expect(await readinessOf(given.store, jobs)).toEqual([null, "ready"]);
    });

    it("several turns that end in one commit all pass on", async () => {
      const jobs = await submitAll(given.store, [
        { concurrencyKey: "a" },
        { concurrencyKey: "b" },
        { concurrencyKey: "a" },
        { concurrencyKey: "b" },
      ]);

      await given.store.jobs.commit(
        (await claim(given.store)).map((job) => ({
          jobId: job.id,
          guard: { status: "PROCESSING", leaseToken: job.lease.token },
          patch: {
            status: "COMPLETED",
            readiness: null,
            releaseLease: true,
            completedAt: NOW,
            purgeAt: NOW + SECOND,
            result: jsonPayload(1),
          },
          events: [{ type: "job.completed", status: "COMPLETED", at: NOW, attempt: job.attempt, data: null }],
          at: NOW,
        })),
      );

      expect(await readinessOf(given.store, jobs)).toEqual([null, null, "ready", "ready"]);
    });

    it("tells whose type got the turn, and only where somebody did", async () => {
      await submitAll(given.store, [
        { ...key, type: "charge" },
        { ...key, type: "refund" },
      ]);
      const first = await claimOne(given.store, { types: ["charge"] });
      const passing = await apply(given.store, first, completed(first));
      const second = await claimOne(given.store, { types: ["refund"] });

      const last = await apply(given.store, second, completed(second));

      expect(passing).toEqual({ outcome: "committed", lastSeq: 3, readiedType: "refund" });
      expect(last).toEqual({ outcome: "committed", lastSeq: 3 });
    });

    it("a key is free again after all its jobs are over", async () => {
      const [job] = await submitAll(given.store, [key]);
      await settle(given.store, job!, { kind: "requestCancel", by: "acme" });
      await given.store.jobs.purge([job!.id], { minTombstoneMs: 0, now: NOW });

      const next = await submit(given.store, key);

      expect(next.readiness).toBe("ready");
    });
  });
}
