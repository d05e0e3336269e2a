// Claiming: the right jobs, in the right order, each by one worker only.
import { jsonPayload, readJsonPayload } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { makeNewJob, makeToken } from "../builders.js";
import type { Given } from "../describe-store.js";
import { claim, claimOne, decide, getJob, idsOf, NOW, SECOND, settle, submit, submitAll } from "./moves.js";

export function describeClaim(given: Given): void {
  describe("claim", () => {
    it("leases the job, counts the attempt and writes job.started", async () => {
      const job = await submit(given.store);

      const claimed = await claimOne(given.store, {
        workerId: "w",
        leaseToken: "t",
        leaseMs: 5_000,
        now: NOW + SECOND,
      });

      const lease = { token: "t", workerId: "w", expiresAt: NOW + SECOND + 5_000 };
      const stored = await getJob(given.store, job.id);
      expect(stored).toEqual({
        ...job,
        status: "PROCESSING",
        readiness: null,
        attempt: 1,
        startedAt: NOW + SECOND,
        updatedAt: NOW + SECOND,
        lastSeq: 2,
        lease,
      });
      expect(stored).toMatchObject(claimed);
      const [started] = await given.store.events.read(job.id, { after: 1, limit: 10 });
      expect(started).toMatchObject({
        seq: 2,
        type: "job.started",
        status: "PROCESSING",
        at: NOW + SECOND,
        attempt: 1,
      });
      expect(readJsonPayload(started!.data!)).toEqual({ attempt: 1, workerId: "w" });
    });

    it("gives the worker all that it needs to run and settle the job", async () => {
      const job = await submit(given.store, {
        callbackId: "order-17",
        tags: ["a", "b"],
        priority: 3,
        timeoutMs: 1_000,
        startBy: NOW + SECOND,
        completeBy: NOW + 2 * SECOND,
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        tracestate: "vendor=value",
        requestId: "request-1",
      });

      const claimed = await claimOne(given.store);

      const { result, concurrencyKey, webhook, rerunOf, updatedAt, completedAt, purgeAt, ...needed } = await getJob(
        given.store,
        job.id,
      );
      expect(claimed).toMatchObject(needed);
    });

    it("takes the highest priority first, and of one owner's the one that became ready first", async () => {
      const [low, first, second, third, high] = await submitAll(given.store, [
        { priority: -100 },
        { runAt: NOW + 5, readiness: "ready" },
        { runAt: NOW },
        { runAt: NOW },
        { priority: 100, runAt: NOW + 9, readiness: "ready" },
      ]);

      const claimed = await claim(given.store);

      expect(idsOf(claimed)).toEqual(idsOf([high!, first!, second!, third!, low!]));
    });

    it("goes on where the last claim stopped", async () => {
      const jobs = await submitAll(given.store, [{}, {}, {}]);

      const first = await claim(given.store, { limit: 2 });
      const second = await claim(given.store, { limit: 2 });
      const third = await claim(given.store, { limit: 2 });

      expect(idsOf([...first, ...second])).toEqual(idsOf(jobs));
      expect(third).toEqual([]);
    });

    it("keeps to the limit of each type, and answers type by type as asked", async () => {
      await submitAll(given.store, [
        { type: "a" },
        { type: "b" },
        { type: "a" },
        { type: "b" },
        { type: "b" },
        { type: "c" },
      ]);

      const claimed = await given.store.jobs.claim({
        workerId: "w",
        leaseToken: makeToken(),
        leaseMs: 1_000,
        types: [
          { type: "b", limit: 2 },
          { type: "a", limit: 5 },
        ],
        now: NOW,
      });

      expect(claimed.map(({ type }) => type)).toEqual(["b", "b", "a", "a"]);
    });

    it("asks for nothing and gets nothing", async () => {
      await submit(given.store);

      expect(await claim(given.store, { types: [] })).toEqual([]);
      expect(await claim(given.store, { types: ["unknown"] })).toEqual([]);
    });

    it("takes neither delayed nor leased nor finished jobs", async () => {
      await submit(given.store, { runAt: NOW + SECOND });
      const done = await submit(given.store);
      const running = await claimOne(given.store);
      await settle(given.store, running, { kind: "complete", leaseToken: running.lease.token, result: jsonPayload(1) });
      await submit(given.store);
      await claimOne(given.store);

      const claimed = await claim(given.store, { now: NOW + 60 * SECOND });

      expect(claimed).toEqual([]);
      expect(done.id).toBe(running.id);
    });

    it("leaves every other job exactly as it was", async () => {
      const others = await submitAll(given.store, [{ type: "other" }, { runAt: NOW + SECOND }, { priority: -1 }]);
      await submit(given.store);

      await claimOne(given.store);

      for (const other of others) expect(await getJob(given.store, other.id)).toEqual(other);
    });

    it("never gives one job to two workers", async () => {
      const group = Array.from({ length: 40 }, () => makeNewJob());
      await given.store.jobs.insert([group]);

      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, index) => claim(given.store, { workerId: `worker-${index}`, limit: 3 })),
      );

      const claimed = claims.flat();
      expect(claimed).toHaveLength(40);
      expect(new Set(idsOf(claimed)).size).toBe(40);
      for (const job of claimed) expect((await getJob(given.store, job.id)).lease).toEqual(job.lease);
    });

    it("keeps the first start of a job that runs again", async () => {
      await submit(given.store);
      const first = await claimOne(given.store);
      await given.store.jobs.commit([
        decide(first, {
          kind: "fail",
          leaseToken: first.lease.token,
          error: { code: "handler_error", message: "It broke." },
          retry: { afterMs: 0 },
        }),
      ]);

      const second = await claimOne(given.store, { now: NOW + SECOND });

      expect(second).toMatchObject({ id: first.id, attempt: 2, startedAt: NOW, lastSeq: 4 });
      expect(second.lease.token).not.toBe(first.lease.token);
    });

    it("takes a job that must be rolled back into its undoing", async () => {
      const error = { code: "handler_error", message: "It broke after two steps." };
      await submit(given.store, { undoSteps: ["reserve", "charge"] });
      const running = await claimOne(given.store);
      const failed = await settle(given.store, running, {
        kind: "fail",
        leaseToken: running.lease.token,
        error,
        retry: "never",
      });

      const undoing = await claimOne(given.store);

      expect(failed).toMatchObject({ status: "ROLLBACK_REQUIRED", readiness: "ready", attempt: 0, error });
      expect(undoing).toMatchObject({
        id: failed.id,
        status: "ROLLBACK_PROCESSING",
        attempt: 1,
        error,
        undoSteps: ["reserve", "charge"],
      });
      const started = (await given.store.events.read(failed.id, { after: failed.lastSeq, limit: 1 }))[0]!;
      expect(started).toMatchObject({ type: "job.rollback_started", status: "ROLLBACK_PROCESSING", attempt: 1 });
      expect(readJsonPayload(started.data!)).toEqual({ error, steps: ["reserve", "charge"] });
    });
  });
}
