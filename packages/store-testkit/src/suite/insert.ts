// Storing a job: everything it carries comes back, and a key never makes two jobs.

import { jsonPayload, readJsonPayload } from "@meanwhile/core";
import { toInstantText } from "@meanwhile/protocol";
import { describe, expect, it } from "vitest";
import { makeId, makeLease, makeNewJob } from "../builders.js";
import type { Given } from "../describe-store.js";
import { claim, claimOne, getJob, NOW, SECOND, settle, submit } from "./moves.js";

export function describeInsert(given: Given): void {
  describe("insert", () => {
    it("gives back every member of a job as it was stored", async () => {
      const item = makeNewJob({
        type: "convert",
        priority: -7,
        maxAttempts: 5,
        runAt: NOW + SECOND,
        startBy: NOW + 2 * SECOND,
        completeBy: NOW + 3 * SECOND,
        timeoutMs: 4_000,
        retentionMs: 5_000,
        parameters: jsonPayload({ pages: [1, 2, { three: 3.5 }] }),
        callbackId: "order-17",
        tags: ["monthly", "vip"],
        rerunOf: makeId(),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        tracestate: "vendor=value",
        requestId: "request-1",
        createdAt: NOW - SECOND,
      });

      await given.store.jobs.insert([[item]], { now: NOW });

      expect(await getJob(given.store, item.job.id)).toEqual(item.job);
    });

    it("knows no job that was never stored", async () => {
      expect(await given.store.jobs.find(makeId())).toBeUndefined();
    });

    it("writes the first event together with the job", async () => {
      const job = await submit(given.store, { runAt: NOW + SECOND });

      const [event, ...others] = await given.store.events.read(job.id, { after: 0, limit: 10 });

      expect(others).toEqual([]);
      expect(event).toMatchObject({
        jobId: job.id,
        seq: 1,
        type: "job.submitted",
        status: "PENDING",
        at: NOW,
        attempt: 0,
      });
      expect(readJsonPayload(event!.data!)).toMatchObject({ type: "report", runAt: toInstantText(NOW + SECOND) });
    });

    it("stores a job that is claimed at birth with its lease and both events", async () => {
      const lease = makeLease();

      const job = await submit(given.store, {}, { lease });

      expect(job).toMatchObject({
        status: "PROCESSING",
        readiness: null,
        attempt: 1,
        lease,
        lastSeq: 2,
        startedAt: NOW,
      });
      const events = await given.store.events.read(job.id, { after: 0, limit: 10 });
      expect(events.map(({ seq, type }) => [seq, type])).toEqual([
        [1, "job.submitted"],
        [2, "job.started"],
      ]);
      expect(await claim(given.store)).toEqual([]);
    });

    it("lets a job that was claimed at birth be settled under its lease", async () => {
      const lease = makeLease();
      const job = await submit(given.store, {}, { lease });

      const after = await settle(given.store, job, {
        kind: "complete",
        leaseToken: lease.token,
        result: jsonPayload(1),
      });

      expect(after).toMatchObject({ status: "COMPLETED", lease: null, lastSeq: 3 });
    });

    it("answers nothing to nothing", async () => {
      expect(await given.store.jobs.insert([])).toEqual([]);
    });
  });

  describe("idempotency keys", () => {
    it("the same request with the same key is the first job again, and writes nothing", async () => {
      const first = await submit(given.store, {}, { idempotencyKey: "k" });
      const end = await given.store.events.logEnd();
      const again = makeNewJob({}, { idempotencyKey: "k" });

      const [result] = await given.store.jobs.insert([[again]], { now: NOW });

      expect(result).toEqual({ outcome: "stored", items: [{ outcome: "exists", jobId: first.id }] });
      expect(await given.store.jobs.find(again.job.id)).toBeUndefined();
      expect((await given.store.events.readLog({ after: end, limit: 10 })).events).toEqual([]);
    });

    it("another request with the same key is refused and names the first job", async () => {
      const first = await submit(given.store, {}, { idempotencyKey: "k" });
      const other = makeNewJob({}, { idempotencyKey: "k", fingerprint: "another-request" });

      const [result] = await given.store.jobs.insert([[other]], { now: NOW });

      expect(result).toEqual({ outcome: "key_reused", index: 0, jobId: first.id });
      expect(await given.store.jobs.find(other.job.id)).toBeUndefined();
    });

    it("the same key of two owners is two keys", async () => {
      await submit(given.store, { owner: "acme" }, { idempotencyKey: "k" });

      const theirs = await submit(
        given.store,
        { owner: "globex" },
        { idempotencyKey: "k", fingerprint: "another-request" },
      );

      expect(theirs.owner).toBe("globex");
    });

    it("no two pairs of owner and key run together", async () => {
      await submit(given.store, { owner: "a" }, { idempotencyKey: "b:c" });

      const other = await submit(
        given.store,
        { owner: "a:b" },
        { idempotencyKey: "c", fingerprint: "another-request" },
      );

      expect(other.owner).toBe("a:b");
    });

    it("keys differ by case, by spaces and by accents", async () => {
      for (const idempotencyKey of ["key", "KEY", "key ", "kéy", "ke\u0301y"]) {
        await submit(given.store, {}, { idempotencyKey, fingerprint: idempotencyKey });
      }
    });

    it("a key holds while its job lives and after it has ended", async () => {
      const first = await submit(given.store, {}, { idempotencyKey: "k" });
      const running = await claimOne(given.store);
      await settle(given.store, running, { kind: "complete", leaseToken: running.lease.token, result: jsonPayload(1) });

      const [result] = await given.store.jobs.insert([[makeNewJob({}, { idempotencyKey: "k" })]], { now: NOW });

      expect(result).toEqual({ outcome: "stored", items: [{ outcome: "exists", jobId: first.id }] });
    });

    it("of many submits at once with one key exactly one makes a job", async () => {
      const items = Array.from({ length: 10 }, () => makeNewJob({}, { idempotencyKey: "k" }));

      const results = await Promise.all(items.map((item) => given.store.jobs.insert([[item]], { now: NOW })));

      const inserted = results.map(([result]) => (result?.outcome === "stored" ? result.items[0] : undefined));
      expect(inserted.filter((item) => item?.outcome === "created")).toHaveLength(1);
      expect(new Set(inserted.map((item) => item?.jobId)).size).toBe(1);
    });
  });
}
