// Cancelling: a wish that was taken is never lost to whatever the worker does next.
import { jsonPayload, readJsonPayload } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import type { Given } from "../describe-store.js";
import { apply, claim, claimOne, getJob, NOW, settle, submit } from "./moves.js";

export function describeCancelWish(given: Given): void {
  describe("cancel", () => {
    it("ends a waiting job at once, and no claim takes it", async () => {
      const job = await submit(given.store);

      const after = await settle(given.store, job, { kind: "requestCancel", by: "acme" });

      expect(after).toMatchObject({
        status: "CANCELLED",
        readiness: null,
        cancelRequestedBy: "acme",
        completedAt: NOW,
      });
      expect(await claim(given.store)).toEqual([]);
    });

    it("records the wish of a running job and who it was", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);

      const after = await settle(given.store, running, { kind: "requestCancel", by: "acme" });

      expect(after).toMatchObject({
        status: "PROCESSING",
        cancelRequestedBy: "acme",
        lease: running.lease,
        lastSeq: 3,
      });
      const [wish] = await given.store.events.read(running.id, { after: 2, limit: 1 });
      expect(wish).toMatchObject({ type: "job.cancel_requested", status: "PROCESSING" });
      expect(readJsonPayload(wish!.data!)).toEqual({ by: "acme" });
    });

    it("a claim that came first makes the cancelling of the waiting job miss", async () => {
      const waiting = await submit(given.store);
      await claimOne(given.store);

      const result = await apply(given.store, waiting, { kind: "requestCancel", by: "acme" });

      expect(result).toEqual({ outcome: "guard_failed" });
    });

    it("a retry that did not see the wish misses, so that it is decided again", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);
      await settle(given.store, running, { kind: "requestCancel", by: "acme" });
      const retry = {
        kind: "fail",
        leaseToken: running.lease.token,
        error: { code: "handler_error", message: "It broke." },
        retry: { afterMs: 0 },
      } as const;

      const unaware = await apply(given.store, running, retry);
      const aware = await settle(given.store, await getJob(given.store, running.id), retry);

      expect(unaware).toEqual({ outcome: "guard_failed" });
      expect(aware.status).toBe("CANCELLED");
    });

    it("a handler that returned before it saw the wish still completes", async () => {
      await submit(given.store);
      const running = await claimOne(given.store);
      await settle(given.store, running, { kind: "requestCancel", by: "acme" });

      const after = await settle(given.store, running, {
        kind: "complete",
        leaseToken: running.lease.token,
        result: jsonPayload(1),
      });

      expect(after).toMatchObject({ status: "COMPLETED", cancelRequestedBy: "acme" });
    });
  });
}
