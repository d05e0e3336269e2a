// Forgetting: what is purged is gone, its tombstone keeps the id and the key, and then that goes too.
import { type Job, jsonPayload } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { makeId, makeNewJob, type NewJobOptions } from "../builders.js";
import type { Given } from "../describe-store.js";
import { claimOne, getJob, idsOf, NOW, SECOND, settle, submit } from "./moves.js";
import { readWholeLog } from "./walk.js";

export function describePurge(given: Given): void {
  const submitAndEnd = async (job: Partial<Job> = {}, options: NewJobOptions = {}): Promise<Job> =>
    settle(given.store, await submit(given.store, job, options), { kind: "requestCancel", by: "acme" });

  describe("purge", () => {
    it("finds terminal jobs whose time has come, longest due first, up to the limit", async () => {
      const late = await submitAndEnd({ retentionMs: 20 });
      const early = await submitAndEnd({ retentionMs: 10 });
      await submit(given.store, { retentionMs: 0 });

      const find = async (now: number, limit = 10) => given.store.jobs.findPurgeable({ limit, now });

      expect(await find(NOW + 9)).toEqual([]);
      expect(await find(NOW + 10)).toEqual([early.id]);
      expect(await find(NOW + 20)).toEqual([early.id, late.id]);
      expect(await find(NOW + 20, 1)).toEqual([early.id]);
    });

    it("keeps a job that is past its time until it is purged", async () => {
      const job = await submitAndEnd({ retentionMs: 1 });

      expect(await getJob(given.store, job.id)).toEqual(job);
      expect(idsOf((await given.store.jobs.list({ limit: 10 })).items)).toEqual([job.id]);
    });

    it("erases the row, the events and the log lines, and leaves a tombstone", async () => {
      const kept = await submit(given.store);
      const job = await submitAndEnd({ retentionMs: 5_000, owner: "globex" });
      const line = { jobId: job.id, at: NOW, level: "info", message: "secret", fields: null, attempt: 1 } as const;
      await given.store.logs.append([line], { maxLines: 10, droppedNote: "" });

      const purged = await given.store.jobs.purge([job.id], { minTombstoneMs: 1_000, now: NOW + SECOND });

      expect(purged).toEqual([job.id]);
      expect(await given.store.jobs.find(job.id)).toBeUndefined();
      expect(await given.store.events.read(job.id, { after: 0, limit: 10 })).toEqual([]);
      expect((await given.store.events.lastSeqs([job.id])).size).toBe(0);
      expect(await given.store.logs.read(job.id, { after: 0, limit: 10, minLevel: "debug" })).toEqual([]);
      expect((await readWholeLog(given.store)).map(({ jobId }) => jobId)).toEqual([kept.id]);
      expect(idsOf((await given.store.jobs.list({ limit: 10 })).items)).toEqual([kept.id]);
      expect(await given.store.jobs.findTombstone(job.id)).toEqual({
        jobId: job.id,
        owner: "globex",
        purgedAt: NOW + SECOND,
        expiresAt: NOW + SECOND + 5_000,
      });
    });

    it("keeps the tombstone at least as long as it is told", async () => {
      const job = await submitAndEnd({ retentionMs: 5 });

      await given.store.jobs.purge([job.id], { minTombstoneMs: 60_000, now: NOW });

      expect((await given.store.jobs.findTombstone(job.id))?.expiresAt).toBe(NOW + 60_000);
    });

    it("leaves alone what is not over, what is gone and what never was", async () => {
      const waiting = await submit(given.store);
      await submit(given.store, { type: "other" });
      const running = await claimOne(given.store, { types: ["other"] });
      const gone = await submitAndEnd();
      await given.store.jobs.purge([gone.id], { minTombstoneMs: 10, now: NOW });

      const purged = await given.store.jobs.purge([waiting.id, running.id, gone.id, makeId()], {
        minTombstoneMs: 60_000,
        now: NOW + SECOND,
      });

      expect(purged).toEqual([]);
      expect(await getJob(given.store, waiting.id)).toEqual(waiting);
      expect((await given.store.jobs.findTombstone(gone.id))?.purgedAt).toBe(NOW);
      expect(await given.store.jobs.findTombstone(waiting.id)).toBeUndefined();
    });

    it("a reader of the whole log that stands on a purged event reads on without a gap", async () => {
      const job = await submitAndEnd();
      const position = await given.store.events.logEnd();
      const next = await submit(given.store);
      await given.store.jobs.purge([job.id], { minTombstoneMs: 0, now: NOW });

      const { events } = await given.store.events.readLog({ after: position, limit: 10 });

      expect(events.map(({ jobId }) => jobId)).toEqual([next.id]);
    });

    it("a reader of the whole log is told whose events are missing behind it, until it has come past them", async () => {
      const before = await given.store.events.logEnd();
      const job = await submitAndEnd();
      const behind = await given.store.events.logEnd();
      await submit(given.store);
      await given.store.jobs.purge([job.id], { minTombstoneMs: 0, now: NOW });

      const missing = await given.store.events.readLog({ after: before, limit: 10 });
      const past = await given.store.events.readLog({ after: behind, limit: 10 });

      expect(missing.purged).toEqual([{ owner: job.owner, position: behind }]);
      expect(past.purged).toEqual([]);
    });

    it("positions of the log are not given again after the newest events were purged", async () => {
      const job = await submitAndEnd();
      const end = await given.store.events.logEnd();
      await given.store.jobs.purge([job.id], { minTombstoneMs: 0, now: NOW });

      const next = await submit(given.store);

      const { events } = await given.store.events.readLog({ after: end, limit: 10 });
      expect(events.map(({ jobId }) => jobId)).toEqual([next.id]);
    });

    it("cannot be told apart from a job that a late worker still settles", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);
      const command = { kind: "complete", leaseToken: running.lease.token, result: jsonPayload(1) } as const;
      await settle(given.store, running, command);
      await given.store.jobs.purge([running.id], { minTombstoneMs: 0, now: NOW });

      const leases = await given.store.jobs.extendLeases([{ jobId: running.id, leaseToken: running.lease.token }], {
        byMs: 1_000,
        now: NOW,
      });

      expect(leases).toEqual([{ outcome: "lost" }]);
    });
  });

  describe("tombstones", () => {
    it("hold the key of the purged job, whatever the request", async () => {
      const job = await submitAndEnd({}, { idempotencyKey: "k" });
      await given.store.jobs.purge([job.id], { minTombstoneMs: 1_000, now: NOW });
      const purged = { outcome: "purged", index: 1, jobId: job.id };

      for (const fingerprint of ["same-request", "another-request"]) {
        const group = [makeNewJob(), makeNewJob({}, { idempotencyKey: "k", fingerprint })];

        expect(await given.store.jobs.insert([group], { now: NOW })).toEqual([purged]);
        expect(await given.store.jobs.find(group[0]!.job.id)).toBeUndefined();
      }
    });

    it("go when they have expired, and free the key", async () => {
      const job = await submitAndEnd({ retentionMs: 1_000 }, { idempotencyKey: "k" });
      await given.store.jobs.purge([job.id], { minTombstoneMs: 0, now: NOW });

      const early = await given.store.jobs.removeTombstones({ limit: 10, now: NOW + 999 });
      const due = await given.store.jobs.removeTombstones({ limit: 10, now: NOW + 1_000 });

      expect([early, due]).toEqual([0, 1]);
      expect(await given.store.jobs.findTombstone(job.id)).toBeUndefined();
      await submit(given.store, {}, { idempotencyKey: "k", fingerprint: "another-request" });
    });

    it("a key whose job is past its time counts as purged, whether or not the chore has come by", async () => {
      const job = await submitAndEnd({ retentionMs: 10 }, { idempotencyKey: "k" });
      const again = makeNewJob({}, { idempotencyKey: "k" });
      const beside = makeNewJob();

      const early = await given.store.jobs.insert([[again]], { now: job.purgeAt! - 1 });
      const late = await given.store.jobs.insert([[beside, again]], { now: job.purgeAt! });

      expect(early).toEqual([{ outcome: "stored", items: [{ outcome: "exists", jobId: job.id }] }]);
      expect(late).toEqual([{ outcome: "purged", index: 1, jobId: job.id }]);
      expect(await given.store.jobs.find(beside.job.id)).toBeUndefined();
    });

    it("the holder of a key is known until its tombstone goes", async () => {
      const job = await submitAndEnd({ retentionMs: 10 }, { idempotencyKey: "k", fingerprint: "f" });
      await given.store.jobs.purge([job.id], { minTombstoneMs: 0, now: NOW });

      expect(await given.store.jobs.findKeyHolder(job.owner, "k")).toEqual({ jobId: job.id, fingerprint: "f" });
      expect(await given.store.jobs.findKeyHolder("somebody-else", "k")).toBeUndefined();

      await given.store.jobs.removeTombstones({ limit: 10, now: NOW + SECOND });

      expect(await given.store.jobs.findKeyHolder(job.owner, "k")).toBeUndefined();
    });

    it("go longest expired first, up to the limit", async () => {
      const late = await submitAndEnd({ retentionMs: 20 });
      const early = await submitAndEnd({ retentionMs: 10 });
      await given.store.jobs.purge([late.id, early.id], { minTombstoneMs: 0, now: NOW });

      const removed = await given.store.jobs.removeTombstones({ limit: 1, now: NOW + SECOND });

      expect(removed).toBe(1);
      expect(await given.store.jobs.findTombstone(early.id)).toBeUndefined();
      expect(await given.store.jobs.findTombstone(late.id)).toBeDefined();
    });

    it("a job without a key leaves a tombstone as well", async () => {
      const job = await submitAndEnd();

      await given.store.jobs.purge([job.id], { minTombstoneMs: 0, now: NOW });

      expect(await given.store.jobs.findTombstone(job.id)).toMatchObject({ jobId: job.id, owner: "acme" });
    });
  });
}
