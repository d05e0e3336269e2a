// The global limit of a type: so many leases over all workers, and no more.
import { type ClaimedJob, jsonPayload, type Store } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import type { Given } from "../describe-store.js";
import { claim, claimOne, idsOf, NOW, SECOND, settle, submit, submitAll } from "./moves.js";

export function describeGlobalConcurrency(given: Given): void {
  describe("a claim with a global concurrency", () => {
    it("takes no more than there is room for beside what is leased", async () => {
      await submitAll(given.store, [{}, {}, {}, {}, {}]);

      const first = await claim(given.store, { limit: 2, globalConcurrency: 3 });
      const second = await claim(given.store, { limit: 2, globalConcurrency: 3, workerId: "worker-2" });
      const third = await claim(given.store, { limit: 2, globalConcurrency: 3, workerId: "worker-3" });

      expect([first.length, second.length, third.length]).toEqual([2, 1, 0]);
    });

    it("has room again when a lease ends, however it ends", async () => {
      const jobs = await submitAll(given.store, [{}, {}, {}, {}, {}]);
      const order: string[] = [];
      const ends = [complete, fail, expire] as const;

      for (const end of ends) {
        const running = await claimOne(given.store, { globalConcurrency: 1 });
        order.push(running.id);
        expect(await claim(given.store, { globalConcurrency: 1 })).toEqual([]);
        await end(given.store, running);
      }
      const last = await claimOne(given.store, { globalConcurrency: 1 });

      expect([...order, last.id]).toEqual(idsOf(jobs.slice(0, 4)));
    });

    it("has room again for a job that is handed back", async () => {
      await submitAll(given.store, [{}, {}]);
      const running = await claimOne(given.store, { globalConcurrency: 1 });

      await settle(given.store, running, { kind: "handBack", leaseToken: running.lease.token });

      expect((await claimOne(given.store, { globalConcurrency: 1 })).id).toBe(running.id);
    });

    it("counts neither other types nor jobs that only wait", async () => {
      await submitAll(given.store, [{ type: "other" }, { type: "other" }, {}, {}, { runAt: NOW + SECOND }]);
      await claim(given.store, { types: ["other"], limit: 2 });

      expect(await claim(given.store, { globalConcurrency: 2 })).toHaveLength(2);
    });

    it("counts jobs that were leased without a limit, or at birth", async () => {
      await submit(given.store, {}, { lease: { token: "born", workerId: "w", expiresAt: NOW + 30 * SECOND } });
      await submitAll(given.store, [{}, {}, {}]);
      await claimOne(given.store);

      expect(await claim(given.store, { globalConcurrency: 3 })).toHaveLength(1);
    });

    it("a lower limit takes nothing away, and holds for what is claimed then", async () => {
      await submitAll(given.store, [{}, {}, {}, {}]);
      const running = await claim(given.store, { limit: 3, globalConcurrency: 3 });

      const lowered = await claim(given.store, { globalConcurrency: 1 });
      for (const job of running.slice(0, 2)) await complete(given.store, job);
      const still = await claim(given.store, { globalConcurrency: 1 });
      await complete(given.store, running[2]!);
      const next = await claim(given.store, { globalConcurrency: 1 });

      expect([lowered.length, still.length, next.length]).toEqual([0, 0, 1]);
    });

    it("limits each type alone, and no type that has none", async () => {
      const types = ["a", "b", "c"];
      await submitAll(
        given.store,
        types.flatMap((type) => [{ type }, { type }, { type }]),
      );

      const claimed = await given.store.jobs.claim({
        workerId: "w",
        leaseToken: "t",
        leaseMs: SECOND,
        types: [
          { type: "b", limit: 9, globalConcurrency: 2 },
          { type: "c", limit: 9 },
          { type: "a", limit: 9, globalConcurrency: 1 },
        ],
        now: NOW,
      });

      expect(claimed.map(({ type }) => type)).toEqual(["b", "b", "c", "c", "c", "a"]);
    });

    it("claims at the same moment never exceed it together, and none is left over", async () => {
      const jobs = await submitAll(
        given.store,
        Array.from({ length: 12 }, () => ({})),
      );
      const done = new Set<string>();

      while (done.size < jobs.length) {
        const claims = await Promise.all(
          Array.from({ length: 6 }, (_, index) =>
            claim(given.store, { workerId: `worker-${index}`, limit: 2, globalConcurrency: 3 }),
          ),
        );
        const running = claims.flat();
        expect(running.length).toBeGreaterThan(0);
        expect(running.length).toBeLessThanOrEqual(3);
        for (const job of running) {
          await complete(given.store, job);
          done.add(job.id);
        }
      }

      expect([...done].sort()).toEqual([...idsOf(jobs)].sort());
    });
  });
}

const complete = (store: Store, job: ClaimedJob) =>
  settle(store, job, { kind: "complete", leaseToken: job.lease.token, result: jsonPayload(null) });

const fail = (store: Store, job: ClaimedJob) =>
  settle(store, job, {
    kind: "fail",
    leaseToken: job.lease.token,
    error: { code: "handler_error", message: "It broke." },
    retry: "never",
  });

const expire = (store: Store, job: ClaimedJob) =>
  settle(store, job, { kind: "expireLease", retryAfterMs: SECOND }, NOW + 30 * SECOND);
