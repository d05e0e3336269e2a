// Lists: newest first, filtered, and a walk over the pages that meets every job once.
import { AppError } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { makeNewJob } from "../builders.js";
import type { Given } from "../describe-store.js";
import { claimOne, idsOf, NOW, settle, submit, submitAll } from "./moves.js";
import { walk } from "./walk.js";

export function describeList(given: Given): void {
  describe("list", () => {
    it("gives whole jobs, the newest first", async () => {
      const jobs = await submitAll(given.store, [{ createdAt: NOW + 2 }, { createdAt: NOW }, { createdAt: NOW + 1 }]);

      expect(await given.store.jobs.list({ limit: 10 })).toEqual({ items: [...jobs].reverse(), nextCursor: null });
    });

    it("is empty where nothing matches", async () => {
      await submit(given.store);

      expect(await walk(given.store, { owner: "nobody", limit: 10 })).toEqual([]);
    });

    it("filters by each member alone", async () => {
      const [other, match] = await submitAll(given.store, [
        { tags: ["a", "b"], createdAt: NOW },
        { owner: "globex", type: "letter", tags: ["c", "ab"], callbackId: "order-1", createdAt: NOW + 1 },
      ]);
      await settle(given.store, match!, { kind: "requestCancel", by: "globex" });

      for (const query of [
        { owner: "globex" },
        { type: "letter" },
        { status: "CANCELLED" },
        { tag: "ab" },
        { callbackId: "order-1" },
        { createdAfter: NOW },
      ] as const) {
        expect(idsOf(await walk(given.store, { ...query, limit: 10 }))).toEqual([match!.id]);
      }
      expect(idsOf(await walk(given.store, { createdBefore: NOW + 1, limit: 10 }))).toEqual([other!.id]);
      expect(idsOf(await walk(given.store, { tag: "b", limit: 10 }))).toEqual([other!.id]);
    });

    it("takes all filters together", async () => {
      const wanted = { owner: "globex", type: "letter", tags: ["x"], callbackId: "c", createdAt: NOW };
      const [match] = await submitAll(given.store, [
        wanted,
        { ...wanted, owner: "acme" },
        { ...wanted, type: "report" },
        { ...wanted, tags: [] },
        { ...wanted, callbackId: null },
        { ...wanted, createdAt: NOW + 5 },
      ]);

      const found = await walk(given.store, {
        owner: "globex",
        type: "letter",
        status: "PENDING",
        tag: "x",
        callbackId: "c",
        createdAfter: NOW - 1,
        createdBefore: NOW + 1,
        limit: 10,
      });

      expect(idsOf(found)).toEqual([match!.id]);
    });

    it("takes a filter as text, not as a pattern", async () => {
      const [match] = await submitAll(given.store, [
        { tags: ['100%_"'] },
        { tags: ["100 percent"] },
        { tags: ["1000x"] },
      ]);

      expect(idsOf(await walk(given.store, { tag: '100%_"', limit: 10 }))).toEqual([match!.id]);
      expect(await walk(given.store, { tag: "100%", limit: 10 })).toEqual([]);
      expect(await walk(given.store, { tag: "' or 1=1 --", limit: 10 })).toEqual([]);
    });

    it("meets every job once on a walk, whatever the size of the pages", async () => {
      const group = Array.from({ length: 23 }, (_, index) =>
        makeNewJob({ owner: index % 3 === 0 ? "globex" : "acme" }),
      );
      await given.store.jobs.insert([group]);
      const newestFirst = group.map(({ job }) => job).reverse();

      for (const limit of [1, 7, 23, 200]) {
        expect(idsOf(await walk(given.store, { limit }))).toEqual(idsOf(newestFirst));
        const theirs = newestFirst.filter(({ owner }) => owner === "globex");
        expect(idsOf(await walk(given.store, { owner: "globex", limit }))).toEqual(idsOf(theirs));
      }
    });

    it("finds a rare job behind thousands that do not match", async () => {
      const rare = await submit(given.store, { tags: ["rare"] });
      await given.store.jobs.insert([Array.from({ length: 3_000 }, () => makeNewJob())]);

      expect(idsOf(await walk(given.store, { tag: "rare", limit: 50 }))).toEqual([rare.id]);
    });

    it("is not disturbed by jobs that come and go between two pages", async () => {
      const jobs = await submitAll(given.store, [{}, {}, {}, {}]);
      const first = await given.store.jobs.list({ limit: 2 });
      await submit(given.store);
      await settle(given.store, jobs[2]!, { kind: "requestCancel", by: "acme" });
      await given.store.jobs.purge([jobs[2]!.id], { minTombstoneMs: 0, now: NOW });

      const rest = await walk(given.store, { limit: 2, cursor: first.nextCursor! });

      expect(idsOf(first.items)).toEqual(idsOf([jobs[3]!, jobs[2]!]));
      expect(idsOf(rest)).toEqual(idsOf([jobs[1]!, jobs[0]!]));
    });

    it("follows a job through its statuses", async () => {
      const job = await submit(given.store);
      await claimOne(given.store);

      expect(await walk(given.store, { status: "PENDING", limit: 10 })).toEqual([]);
      expect(idsOf(await walk(given.store, { status: "PROCESSING", limit: 10 }))).toEqual([job.id]);
    });

    it.each(["", "nonsense", "🦀", "-1", "1e9"])("refuses the cursor %j that it never gave", async (cursor) => {
      const refusal = await given.store.jobs.list({ limit: 10, cursor }).catch((error: unknown) => error);

      expect(refusal).toBeInstanceOf(AppError);
      expect(refusal).toMatchObject({ code: "invalid_request" });
    });
  });
}
