// Batches of many neighbours that are alike, with strangers among them: a store that writes them together must not mix them up.
import { type Job, jsonPayload, type NewJob } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { makeId, makeNewJob } from "../builders.js";
import type { Given } from "../describe-store.js";
import { apply, claim, decide, getJob, NOW, SECOND, submitAll } from "./moves.js";
import { readWholeLog } from "./walk.js";

const STRANGERS: readonly Partial<Job>[] = [
  { tags: ["nightly"] },
  { callbackId: "order-7" },
  { priority: 5 },
  { owner: "umbrella" },
  { requestId: "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d", traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` },
  { maxAttempts: 1 },
  { timeoutMs: 7 },
  { retentionMs: 9 },
  { startBy: NOW + 90 * SECOND },
  { completeBy: NOW + 90 * SECOND },
  { parameters: { encoding: "sealed", keyId: "k1", body: new Uint8Array([0, 1, 255]) } },
  { concurrencyKey: "one-at-a-time" },
];

const CONTENTS = [
  "plain",
  'quotes " and \\ and \u2028',
  "ümläut 🎉",
  '{"json": [1, null]}',
  "'; drop table jobs; --",
  "",
];

export function describeLargeBatches(given: Given): void {
  describe("a large batch of new jobs", () => {
    it("stores each one as it is, in their order, whatever its neighbours are", async () => {
      const groups = [
        ...neighbours(12),
        ...STRANGERS.flatMap((stranger) => [...neighbours(4), [makeNewJob(stranger)]]),
      ];

      await given.store.jobs.insert(groups);

      const jobs = groups.flat().map(({ job }) => job);
      for (const job of jobs) expect(await getJob(given.store, job.id)).toEqual(job);
      const log = await readWholeLog(given.store);
      expect(log.map(({ jobId, seq, type }) => [jobId, seq, type])).toEqual(
        jobs.map(({ id }) => [id, 1, "job.submitted"]),
      );
    });

    it("keeps text of every kind in parameters and request ids", async () => {
      const groups = CONTENTS.map((text) => [makeNewJob({ parameters: jsonPayload({ text }), requestId: text })]);

      await given.store.jobs.insert(groups);

      for (const { job } of groups.flat()) expect(await getJob(given.store, job.id)).toEqual(job);
    });
  });

  describe("a large batch of changes", () => {
    it("finishes each job with its own result, and leaves alone what its guard forbids", async () => {
      await submitAll(
        given.store,
        Array.from({ length: 40 }, () => ({})),
      );
      const running = await claim(given.store, { limit: 40 });
      const lost = new Set([running[5], running[6], running[20]].map((job) => job?.id));
      const changes = running.map((job, index) =>
        decide(
          job,
          {
            kind: "complete",
            leaseToken: job.lease.token,
            result: jsonPayload({ text: CONTENTS[index % CONTENTS.length], index }),
          },
          NOW + Math.floor(index / 8),
        ),
      );
      const sent = changes.map((change) =>
        lost.has(change.jobId) ? { ...change, guard: { ...change.guard, leaseToken: "another" } } : change,
      );

      const results = await given.store.jobs.commit(sent);

      expect(results).toEqual(
        running.map(({ id }) => (lost.has(id) ? { outcome: "guard_failed" } : { outcome: "committed", lastSeq: 3 })),
      );
      for (const [index, { id }] of running.entries()) {
        const job = await getJob(given.store, id);
        if (lost.has(id)) expect(job).toMatchObject({ status: "PROCESSING", lastSeq: 2, result: null });
        else expect(job).toMatchObject({ status: "COMPLETED", result: changes[index]?.patch.result, lastSeq: 3 });
      }
      const finished = (await readWholeLog(given.store)).filter(({ type }) => type === "job.completed");
      expect(finished.map(({ jobId }) => jobId)).toEqual(running.map(({ id }) => id).filter((id) => !lost.has(id)));
    });

    it("keeps the order of a job's own changes, and of jobs that are not there", async () => {
      await submitAll(
        given.store,
        Array.from({ length: 6 }, () => ({})),
      );
      const running = await claim(given.store, { limit: 6 });
      const [first] = running;
      const done = running.map((job) =>
        decide(job, { kind: "complete", leaseToken: job.lease.token, result: jsonPayload(1) }),
      );
      const report = decide(first!, {
        kind: "report",
        leaseToken: first!.lease.token,
        progress: { fraction: 0.5, message: null, currentStep: null, totalSteps: null },
      });
      const gone = { ...done[1]!, jobId: makeId() };

      // Completed twice, and a report before and after it: only the first completion and what came before it count.
      const results = await given.store.jobs.commit([
        report,
        ...done.slice(0, 4),
        gone,
        done[0]!,
        report,
        ...done.slice(4),
      ]);

      expect(results.map(({ outcome }) => outcome === "committed")).toEqual([
        ...[true, true, true, true, true],
        ...[false, false, false],
        ...[true, true],
      ]);
      const events = await given.store.events.read(first!.id, { after: 0, limit: 10 });
      expect(events.map(({ seq, type }) => [seq, type])).toEqual([
        [1, "job.submitted"],
        [2, "job.started"],
        [3, "job.progress"],
        [4, "job.completed"],
      ]);
    });

    it("a job with a cancel wish among them completes, and those with a turn pass it on", async () => {
      await submitAll(given.store, [
        ...Array.from({ length: 4 }, () => ({})),
        { concurrencyKey: "k" },
        ...Array.from({ length: 4 }, () => ({})),
        { concurrencyKey: "k", priority: -1 },
      ]);
      const running = await claim(given.store, { limit: 20 });
      expect(running).toHaveLength(9);
      await apply(given.store, running[1]!, { kind: "requestCancel", by: "ada" });

      const results = await given.store.jobs.commit(
        running.map((job) => decide(job, { kind: "complete", leaseToken: job.lease.token, result: jsonPayload(null) })),
      );

      expect(results.every(({ outcome }) => outcome === "committed")).toBe(true);
      expect(await getJob(given.store, running[1]!.id)).toMatchObject({
        status: "COMPLETED",
        cancelRequestedBy: "ada",
        lastSeq: 4,
      });
      expect(await claim(given.store, { limit: 20 })).toMatchObject([{ status: "PROCESSING", priority: -1 }]);
    });
  });
}

function neighbours(count: number): NewJob[][] {
  return Array.from({ length: count }, (_, index) => [makeNewJob({ parameters: jsonPayload({ index }) })]);
}
