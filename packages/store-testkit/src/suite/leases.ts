// Heartbeats: a lease is prolonged by who holds it, and by nobody else.
import { jsonPayload } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { makeId } from "../builders.js";
import type { Given } from "../describe-store.js";
import { apply, claim, claimOne, getJob, NOW, SECOND, settle, submit, submitAll } from "./moves.js";

export function describeLeases(given: Given): void {
  describe("leases", () => {
    it("prolongs a held lease to now plus byMs and changes nothing else", async () => {
      await submit(given.store);
      const running = await claimOne(given.store, { leaseMs: 1_000 });
      const before = await getJob(given.store, running.id);

      const results = await given.store.jobs.extendLeases([{ jobId: running.id, leaseToken: running.lease.token }], {
        byMs: 5_000,
        now: NOW + 500,
      });

      expect(results).toEqual([{ outcome: "extended", cancelRequestedBy: null }]);
      expect(await getJob(given.store, running.id)).toEqual({
        ...before,
        lease: { ...running.lease, expiresAt: NOW + 5_500 },
      });
    });

    it("prolongs a lease that has run out, as long as nobody has ended it", async () => {
      await submit(given.store);
      const running = await claimOne(given.store, { leaseMs: 1_000 });

      const results = await given.store.jobs.extendLeases([{ jobId: running.id, leaseToken: running.lease.token }], {
        byMs: 1_000,
        now: NOW + 60 * SECOND,
      });

      expect(results).toEqual([{ outcome: "extended", cancelRequestedBy: null }]);
    });

    it("tells the holder of a cancel wish", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);
      await settle(given.store, running, { kind: "requestCancel", by: "acme" });

      const results = await given.store.jobs.extendLeases([{ jobId: running.id, leaseToken: running.lease.token }], {
        byMs: 1_000,
        now: NOW,
      });

      expect(results).toEqual([{ outcome: "extended", cancelRequestedBy: "acme" }]);
    });

    it("answers in the order of the question, lost and extended ones mixed", async () => {
      await submitAll(given.store, [{}, {}, {}]);
      const [first, second, third] = await claim(given.store);
      await settle(given.store, second!, { kind: "complete", leaseToken: second!.lease.token, result: jsonPayload(1) });

      const results = await given.store.jobs.extendLeases(
        [
          { jobId: third!.id, leaseToken: third!.lease.token },
          { jobId: second!.id, leaseToken: second!.lease.token },
          { jobId: first!.id, leaseToken: "an-older-token" },
          { jobId: makeId(), leaseToken: first!.lease.token },
          { jobId: first!.id, leaseToken: first!.lease.token },
        ],
        { byMs: 90_000, now: NOW },
      );

      expect(results.map(({ outcome }) => outcome)).toEqual(["extended", "lost", "lost", "lost", "extended"]);
      expect((await getJob(given.store, third!.id)).lease?.expiresAt).toBe(NOW + 90_000);
    });

    it("does not revive a lease that was given to another", async () => {
      await submit(given.store);
      const late = await claimOne(given.store, { leaseMs: 1_000 });
      await settle(given.store, late, { kind: "expireLease", retryAfterMs: 0 }, NOW + 1_000);
      const holder = await claimOne(given.store, { workerId: "worker-2", now: NOW + 1_000 });

      const results = await given.store.jobs.extendLeases([{ jobId: late.id, leaseToken: late.lease.token }], {
        byMs: 90_000,
        now: NOW + 2_000,
      });

      expect(results).toEqual([{ outcome: "lost" }]);
      expect((await getJob(given.store, late.id)).lease).toEqual(holder.lease);
    });

    it("a heartbeat that came in between saves the lease from being ended", async () => {
      await submit(given.store);
      const running = await claimOne(given.store, { leaseMs: 1_000 });
      await given.store.jobs.extendLeases([{ jobId: running.id, leaseToken: running.lease.token }], {
        byMs: 1_000,
        now: NOW + 1_500,
      });

      const result = await apply(given.store, running, { kind: "expireLease", retryAfterMs: 0 }, NOW + 2_000);

      expect(result).toEqual({ outcome: "guard_failed" });
    });

    it("answers nothing to nothing", async () => {
      expect(await given.store.jobs.extendLeases([], { byMs: 1_000, now: NOW })).toEqual([]);
    });
  });
}
