// Applying changes: all of one or nothing of it, and a guard that names what was read.
import { type Change, type Guard, type Job, jsonPayload, readJsonPayload, type Store } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { makeId } from "../builders.js";
import type { Given } from "../describe-store.js";
import { apply, claim, claimOne, decide, getJob, NOW, SECOND, settle, submit, submitAll } from "./moves.js";

const BROKEN = { code: "handler_error", message: "It broke." };

export function describeCommit(given: Given): void {
  describe("commit", () => {
    it("completes a job: status, result, instants, progress and events in one change", async () => {
      const job = await submit(given.store, { retentionMs: 5_000 });
      const running = await claimOne(given.store);
      const progress = { fraction: 0.5, message: "half", currentStep: 1, totalSteps: 2 };

      const result = await apply(
        given.store,
        running,
        { kind: "complete", leaseToken: running.lease.token, result: jsonPayload({ pages: 3 }), progress },
        NOW + SECOND,
      );

      expect(result).toEqual({ outcome: "committed", lastSeq: 4 });
      expect(await getJob(given.store, job.id)).toEqual({
        ...job,
        status: "COMPLETED",
        readiness: null,
        attempt: 1,
        startedAt: NOW,
        updatedAt: NOW + SECOND,
        completedAt: NOW + SECOND,
        purgeAt: NOW + SECOND + 5_000,
        lease: null,
        result: jsonPayload({ pages: 3 }),
        progress,
        lastSeq: 4,
      });
      const events = await given.store.events.read(job.id, { after: 2, limit: 10 });
      expect(events.map(({ seq, type, status, at }) => [seq, type, status, at])).toEqual([
        [3, "job.progress", "PROCESSING", NOW + SECOND],
        [4, "job.completed", "COMPLETED", NOW + SECOND],
      ]);
      expect(events[1]?.data).toBeNull();
    });

    it("keeps why a job failed, with its details", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);
      const error = { ...BROKEN, details: { line: 17, path: ["a", { b: null }] } };

      const after = await settle(given.store, running, {
        kind: "fail",
        leaseToken: running.lease.token,
        error,
        retry: "never",
      });

      expect(after).toMatchObject({ status: "FAILED", lease: null, readiness: null });
      expect(after.error).toEqual(error);
    });

    it("puts a job back for its next attempt", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);

      const after = await settle(given.store, running, {
        kind: "fail",
        leaseToken: running.lease.token,
        error: BROKEN,
        retry: { afterMs: 5_000 },
      });

      expect(after).toMatchObject({
        status: "PENDING",
        readiness: "delayed",
        runAt: NOW + 5_000,
        attempt: 1,
        lease: null,
        error: null,
        completedAt: null,
      });
    });

    it("gives the attempt of a job that was handed back to the next worker", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);
      await settle(given.store, running, { kind: "handBack", leaseToken: running.lease.token });

      const again = await claimOne(given.store);

      expect(again).toMatchObject({ id: running.id, attempt: 1 });
    });

    it("keeps the last progress and every output of a report, in order", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);
      const progress = { fraction: 0.25, message: null, currentStep: null, totalSteps: 4 };

      const after = await settle(given.store, running, {
        kind: "report",
        leaseToken: running.lease.token,
        outputs: [jsonPayload("a"), jsonPayload({ chunk: 2 })],
        progress,
      });

      expect(after).toMatchObject({ status: "PROCESSING", lease: running.lease, progress, lastSeq: 5 });
      const events = await given.store.events.read(running.id, { after: 2, limit: 10 });
      expect(events.map(({ type }) => type)).toEqual(["job.output", "job.output", "job.progress"]);
      expect(events.map(({ data }) => readJsonPayload(data!))).toEqual([
        "a",
        { chunk: 2 },
        { progress: 0.25, totalSteps: 4 },
      ]);
    });

    it("keeps undo steps as they are completed, and clears them when they are undone", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);
      const [stepped] = await given.store.jobs.commit([completedStep(running, ["reserve", "charge"])]);
      const withSteps = await getJob(given.store, running.id);
      await settle(given.store, withSteps, {
        kind: "fail",
        leaseToken: running.lease.token,
        error: BROKEN,
        retry: "never",
      });
      const undoing = await claimOne(given.store);

      const undone = await settle(given.store, undoing, { kind: "finishUndo", leaseToken: undoing.lease.token });

      expect(stepped).toEqual({ outcome: "committed", lastSeq: 3 });
      expect(withSteps.undoSteps).toEqual(["reserve", "charge"]);
      expect(undone).toMatchObject({ status: "ROLLBACK_COMPLETED", undoSteps: [], error: BROKEN, lease: null });
    });

    it("applies changes in order, and the second of one job sees the first", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);
      const leaseToken = running.lease.token;

      const results = await given.store.jobs.commit([
        decide(running, { kind: "report", leaseToken, outputs: [jsonPayload(1)] }),
        decide(running, { kind: "complete", leaseToken, result: jsonPayload(2) }),
        decide(running, { kind: "report", leaseToken, outputs: [jsonPayload(3)] }),
      ]);

      expect(results).toEqual([
        { outcome: "committed", lastSeq: 3 },
        { outcome: "committed", lastSeq: 4 },
        { outcome: "guard_failed" },
      ]);
      expect((await given.store.events.read(running.id, { after: 0, limit: 10 })).map(({ seq }) => seq)).toEqual([
        1, 2, 3, 4,
      ]);
    });

    it("lets one change miss without harm to its neighbours", async () => {
      await submitAll(given.store, [{}, {}, {}]);
      const [first, second, third] = await claim(given.store);
      const stale = { ...second!, lease: { ...second!.lease, token: "an-older-token" } };

      const results = await given.store.jobs.commit(
        [first!, stale, third!].map((job) =>
          decide(job, { kind: "complete", leaseToken: job.lease.token, result: jsonPayload(1) }),
        ),
      );

      expect(results.map(({ outcome }) => outcome)).toEqual(["committed", "guard_failed", "committed"]);
      expect(await getJob(given.store, second!.id)).toMatchObject({ status: "PROCESSING", lastSeq: 2 });
    });

    it("answers nothing to nothing", async () => {
      expect(await given.store.jobs.commit([])).toEqual([]);
    });

    it("misses the guard of a job that does not exist", async () => {
      const change: Change = { jobId: makeId(), guard: { status: "PENDING" }, patch: {}, events: [], at: NOW };

      expect(await given.store.jobs.commit([change])).toEqual([{ outcome: "guard_failed" }]);
    });

    it("refuses a late worker whose job another one holds", async () => {
      await submit(given.store);
      const late = await claimOne(given.store, { leaseMs: 1_000 });
      await settle(given.store, late, { kind: "expireLease", retryAfterMs: 0 }, NOW + 1_000);
      const holder = await claimOne(given.store, { workerId: "worker-2", now: NOW + 1_000 });
      const before = await getJob(given.store, late.id);

      for (const command of [
        { kind: "complete", leaseToken: late.lease.token, result: jsonPayload("late") },
        { kind: "fail", leaseToken: late.lease.token, error: BROKEN, retry: "never" },
        { kind: "report", leaseToken: late.lease.token, outputs: [jsonPayload("late")] },
        { kind: "handBack", leaseToken: late.lease.token },
      ] as const) {
        expect(await apply(given.store, late, command, NOW + 2_000)).toEqual({ outcome: "guard_failed" });
      }

      expect(await getJob(given.store, late.id)).toEqual(before);
      expect(before.lease).toEqual(holder.lease);
    });

    it("lets a worker settle after its lease ran out, as long as nobody has ended it", async () => {
      await submit(given.store);
      const slow = await claimOne(given.store, { leaseMs: 1_000 });

      const after = await settle(
        given.store,
        slow,
        { kind: "complete", leaseToken: slow.lease.token, result: jsonPayload("slow") },
        NOW + 60 * SECOND,
      );

      expect(after.status).toBe("COMPLETED");
    });

    it("changes nothing of a job that is over", async () => {
      const job = await submit(given.store);
      const over = await settle(given.store, job, { kind: "requestCancel", by: "acme" });

      const result = await apply(given.store, job, { kind: "requestCancel", by: "acme" }, NOW + SECOND);

      expect(result).toEqual({ outcome: "guard_failed" });
      expect(await getJob(given.store, job.id)).toEqual(over);
    });
  });

  describe("guards", () => {
    const lease = { leaseToken: "t", leaseMs: 1_000 };
    const cases: readonly { name: string; guard: (job: Job) => Guard; holds: boolean }[] = [
      { name: "the same status", guard: ({ status }) => ({ status }), holds: true },
      { name: "another status", guard: () => ({ status: "PENDING" }), holds: false },
      { name: "the lease", guard: ({ status }) => ({ status, leaseToken: "t" }), holds: true },
      { name: "another lease", guard: ({ status }) => ({ status, leaseToken: "T" }), holds: false },
      {
        name: "no cancel wish, and there is none",
        guard: ({ status }) => ({ status, cancelRequested: false }),
        holds: true,
      },
      {
        name: "a cancel wish, and there is none",
        guard: ({ status }) => ({ status, cancelRequested: true }),
        holds: false,
      },
      { name: "the version that was read", guard: ({ status, lastSeq }) => ({ status, lastSeq }), holds: true },
      { name: "an older version", guard: ({ status }) => ({ status, lastSeq: 1 }), holds: false },
      { name: "version zero", guard: ({ status }) => ({ status, lastSeq: 0 }), holds: false },
      {
        name: "a lease that has run out",
        guard: ({ status }) => ({ status, leaseExpiredAt: NOW + 1_000 }),
        holds: true,
      },
      { name: "a lease that runs on", guard: ({ status }) => ({ status, leaseExpiredAt: NOW + 999 }), holds: false },
    ];

    it.each(cases)("$name: $holds", async ({ guard, holds }) => {
      await submit(given.store);
      await claimOne(given.store, lease);
      const [before] = [await onlyJob(given.store)];

      const [result] = await given.store.jobs.commit([touch(before, guard(before))]);

      const after = await getJob(given.store, before.id);
      expect(result).toEqual(holds ? { outcome: "committed", lastSeq: 3 } : { outcome: "guard_failed" });
      expect(after).toEqual(holds ? { ...before, lastSeq: 3, updatedAt: NOW + 1, progress: HALF } : before);
    });

    it("a cancel wish that came in between is seen both ways", async () => {
      await submit(given.store);
      const running = await claimOne(given.store, lease);
      const wished = await settle(given.store, running, { kind: "requestCancel", by: "acme" });

      const results = await given.store.jobs.commit([
        touch(wished, { status: "PROCESSING", cancelRequested: false }),
        touch(wished, { status: "PROCESSING", cancelRequested: true }),
      ]);

      expect(results.map(({ outcome }) => outcome)).toEqual(["guard_failed", "committed"]);
    });

    it("a lease that must have run out is missed where there is none", async () => {
      const job = await submit(given.store);

      const [result] = await given.store.jobs.commit([touch(job, { status: "PENDING", leaseExpiredAt: NOW + SECOND })]);

      expect(result).toEqual({ outcome: "guard_failed" });
    });

    it("a lease token is missed where there is no lease", async () => {
      const job = await submit(given.store);

      const [result] = await given.store.jobs.commit([touch(job, { status: "PENDING", leaseToken: "t" })]);

      expect(result).toEqual({ outcome: "guard_failed" });
    });
  });
}

const HALF = { fraction: 0.5, message: null, currentStep: null, totalSteps: null };

/** A change that shows whether it was applied. */
function touch(job: Job, guard: Guard): Change {
  const data = jsonPayload({ progress: 0.5 });
  return {
    jobId: job.id,
    guard,
    patch: { progress: HALF },
    events: [{ type: "job.progress", status: job.status, at: NOW + 1, attempt: job.attempt, data }],
    at: NOW + 1,
  };
}

function completedStep(job: { id: string; attempt: number }, undoSteps: readonly string[]): Change {
  const data = jsonPayload({ step: undoSteps.at(-1) });
  return {
    jobId: job.id,
    guard: { status: "PROCESSING" },
    patch: { undoSteps },
    events: [{ type: "job.step_completed", status: "PROCESSING", at: NOW, attempt: job.attempt, data }],
    at: NOW,
  };
}

async function onlyJob(store: Store): Promise<Job> {
  const { items } = await store.jobs.list({ limit: 2 });
  expect(items).toHaveLength(1);
  return items[0]!;
}
