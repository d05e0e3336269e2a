// Groups of new jobs: whole or not at all, and none in the way of another.
import { describe, expect, it } from "vitest";
import { makeNewJob } from "../builders.js";
import type { Given } from "../describe-store.js";
import { claim, idsOf, submit } from "./moves.js";

export function describeBatchGroups(given: Given): void {
  describe("groups", () => {
    it("stores the items of a group in their order", async () => {
      const group = Array.from({ length: 250 }, () => makeNewJob());

      const [result] = await given.store.jobs.insert([group]);

      expect(result).toEqual({
        outcome: "stored",
        items: group.map(({ job }) => ({ outcome: "created", jobId: job.id })),
      });
      expect(idsOf(await claim(given.store, { limit: 250 }))).toEqual(group.map(({ job }) => job.id));
    });

    it("stores nothing of a group with one item at fault, and names the first of them", async () => {
      const holder = await submit(given.store, {}, { idempotencyKey: "k" });
      const group = [
        makeNewJob({}, { idempotencyKey: "new" }),
        makeNewJob({}, { idempotencyKey: "k", fingerprint: "another-request" }),
        makeNewJob(),
        makeNewJob({}, { idempotencyKey: "k", fingerprint: "a-third-request" }),
      ];

      const [result] = await given.store.jobs.insert([group]);

      expect(result).toEqual({ outcome: "key_reused", index: 1, jobId: holder.id });
      for (const { job } of group) {
        expect(await given.store.jobs.find(job.id)).toBeUndefined();
        expect(await given.store.events.read(job.id, { after: 0, limit: 1 })).toEqual([]);
      }
    });

    it("leaves the keys of a refused group free", async () => {
      await submit(given.store, {}, { idempotencyKey: "k" });
      const refused = [
        makeNewJob({}, { idempotencyKey: "free" }),
        makeNewJob({}, { idempotencyKey: "k", fingerprint: "another-request" }),
      ];
      const next = makeNewJob({}, { idempotencyKey: "free", fingerprint: "a-third-request" });

      const results = await given.store.jobs.insert([refused, [next]]);

      expect(results.map(({ outcome }) => outcome)).toEqual(["key_reused", "stored"]);
      expect(await given.store.jobs.find(next.job.id)).toBeDefined();
    });

    it("refuses one group without touching the others of the call", async () => {
      const holder = await submit(given.store, {}, { idempotencyKey: "k" });
      const before = makeNewJob();
      const refused = makeNewJob({}, { idempotencyKey: "k", fingerprint: "another-request" });
      const after = makeNewJob();

      const results = await given.store.jobs.insert([[before], [refused], [after]]);

      expect(results).toEqual([
        { outcome: "stored", items: [{ outcome: "created", jobId: before.job.id }] },
        { outcome: "key_reused", index: 0, jobId: holder.id },
        { outcome: "stored", items: [{ outcome: "created", jobId: after.job.id }] },
      ]);
      expect(await given.store.jobs.find(before.job.id)).toBeDefined();
      expect(await given.store.jobs.find(after.job.id)).toBeDefined();
    });

    it("the second item of a group with the same key and request is the first one", async () => {
      const first = makeNewJob({}, { idempotencyKey: "k" });
      const second = makeNewJob({}, { idempotencyKey: "k" });

      const [result] = await given.store.jobs.insert([[first, second]]);

      expect(result).toEqual({
        outcome: "stored",
        items: [
          { outcome: "created", jobId: first.job.id },
          { outcome: "exists", jobId: first.job.id },
        ],
      });
      expect(await given.store.jobs.find(second.job.id)).toBeUndefined();
    });

    it("two items of a group with the same key and different requests refuse the group", async () => {
      const first = makeNewJob({}, { idempotencyKey: "k" });
      const second = makeNewJob({}, { idempotencyKey: "k", fingerprint: "another-request" });

      const [result] = await given.store.jobs.insert([[first, second]]);

      expect(result).toEqual({ outcome: "key_reused", index: 1, jobId: first.job.id });
      expect(await given.store.jobs.find(first.job.id)).toBeUndefined();
    });

    it("a later group sees the keys of an earlier one in the same call", async () => {
      const first = makeNewJob({}, { idempotencyKey: "k" });

      const results = await given.store.jobs.insert([
        [first],
        [makeNewJob({}, { idempotencyKey: "k" })],
        [makeNewJob({}, { idempotencyKey: "k", fingerprint: "another-request" })],
      ]);

      expect(results.slice(1)).toEqual([
        { outcome: "stored", items: [{ outcome: "exists", jobId: first.job.id }] },
        { outcome: "key_reused", index: 0, jobId: first.job.id },
      ]);
    });
  });
}
