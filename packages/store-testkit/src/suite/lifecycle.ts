// The store as a whole: its clock, its health, its end.
import { describe, expect, it } from "vitest";
import type { Given } from "../describe-store.js";
import { claim, submit } from "./moves.js";

export function describeLifecycle(given: Given): void {
  describe("lifecycle", () => {
    it("has a name and a clock in whole milliseconds", async () => {
      const first = await given.store.now();
      const second = await given.store.now();

      expect(given.store.name).not.toBe("");
      expect(Number.isInteger(first)).toBe(true);
      expect(second).toBeGreaterThanOrEqual(first);
    });

    it("takes its own clock where no instant is given", async () => {
      const now = await given.store.now();
      await submit(given.store, { createdAt: now });
      await submit(given.store, { createdAt: now, runAt: now - 1, readiness: "delayed", type: "late" });

      await given.store.jobs.makeReady({ limit: 10 });
      const [job] = await given.store.jobs.claim({
        workerId: "w",
        leaseToken: "t",
        leaseMs: 60_000,
        types: [{ type: "report", limit: 1 }],
      });

      const after = await given.store.now();
      expect(job?.startedAt).toBeGreaterThanOrEqual(now);
      expect(job?.startedAt).toBeLessThanOrEqual(after);
      expect(job?.lease.expiresAt).toBe(job!.startedAt! + 60_000);
      expect(await claim(given.store, { types: ["late"], now: after })).toHaveLength(1);
      expect(await given.store.jobs.findDue("lease", { limit: 10 })).toEqual([]);
    });

    it("says that it is well", async () => {
      expect(await given.store.check()).toMatchObject({ ok: true });
    });

    it("is migrated again without harm", async () => {
      const job = await submit(given.store);

      await given.store.migrate();

      expect(await given.store.jobs.find(job.id)).toEqual(job);
    });

    it("ends a watch as often as it is asked to", () => {
      const stop = given.store.watch(() => {});

      stop();
      stop();
    });

    it("may be closed twice", async () => {
      const other = await given.factory.open();

      await other.close();
      await other.close();

      await given.factory.close(other);
    });
  });
}
