// Several processes on the same data: what one commits, the other sees, and no job is anybody's twice.
import { jsonPayload, type Store } from "@meanwhile/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeNewJob } from "../builders.js";
import type { Given } from "../describe-store.js";
import { until } from "../waiting.js";
import { addEndpoint, claimDeliveries } from "./delivery-moves.js";
import { apply, claim, claimOne, getJob, idsOf, NOW, settle, submit } from "./moves.js";
import { readWholeLog } from "./walk.js";

export function describeSecondConnection(given: Given): void {
  describe("a second connection", () => {
    let second: Store;
    beforeEach(async () => {
      if (given.factory.reopen === undefined) {
        throw new Error(
          'The factory has no "reopen". Give it one, or skip the capability "secondConnection" with a reason.',
        );
      }
      second = await given.factory.reopen(given.store);
    });
    afterEach(async () => {
      await given.factory.close(second);
    });

    it("sees what the first one committed", async () => {
      const job = await submit(given.store, {}, { idempotencyKey: "k" });

      expect(await getJob(second, job.id)).toEqual(job);
      expect(await readWholeLog(second)).toEqual(await readWholeLog(given.store));
      expect(await second.jobs.insert([[makeNewJob({}, { idempotencyKey: "k" })]])).toEqual([
        { outcome: "stored", items: [{ outcome: "exists", jobId: job.id }] },
      ]);
    });

    it("never claims what the first one claimed", async () => {
      await given.store.jobs.insert([Array.from({ length: 40 }, () => makeNewJob())]);

      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, index) => claim(index % 2 === 0 ? given.store : second, { limit: 3 })),
      );

      expect(claims.flat()).toHaveLength(40);
      expect(new Set(idsOf(claims.flat())).size).toBe(40);
    });

    it("is held by the same guards", async () => {
      const waiting = await submit(given.store);
      await claimOne(second);

      const result = await apply(given.store, waiting, { kind: "requestCancel", by: "acme" });

      expect(result).toEqual({ outcome: "guard_failed" });
    });

    it("gives one key and one turn to one of two that ask at once", async () => {
      const items = Array.from({ length: 10 }, (_, index) =>
        makeNewJob({ concurrencyKey: "order-17" }, index < 4 ? { idempotencyKey: "k" } : {}),
      );

      const results = await Promise.all(
        items.map((item, index) => (index % 2 === 0 ? given.store : second).jobs.insert([[item]])),
      );

      const ids = new Set(results.map(([result]) => (result?.outcome === "stored" ? result.items[0]!.jobId : "")));
      const jobs = await Promise.all([...ids].map((id) => getJob(second, id)));
      expect(jobs).toHaveLength(7);
      expect(jobs.filter(({ readiness }) => readiness === "ready")).toHaveLength(1);
      expect(jobs.filter(({ readiness }) => readiness === "blocked")).toHaveLength(6);
    });

    it("queues for endpoints that the other one stored, and shares the deliveries without giving any twice", async () => {
      const endpoint = await addEndpoint(second);
      const jobs = await Promise.all(Array.from({ length: 10 }, () => submit(given.store, { createdAt: NOW })));
      for (const _ of jobs) {
        const claimed = await claimOne(given.store);
        const { token: leaseToken } = claimed.lease;
        await settle(given.store, claimed, { kind: "complete", leaseToken, result: jsonPayload("done") });
      }

      const claims = await Promise.all(
        [given.store, second, given.store, second].map((store) => claimDeliveries(store, { limit: 3 })),
      );

      const taken = claims.flatMap(({ deliveries }) => deliveries);
      expect(taken.every(({ endpointId }) => endpointId === endpoint.id)).toBe(true);
      expect(new Set(taken.map(({ jobId }) => jobId)).size).toBe(10);
      expect(taken).toHaveLength(10);
    });

    it("is told that there is something new", async () => {
      let hints = 0;
      const stop = second.watch(() => {
        hints++;
      });

      // A hint may come late or not for every commit, but a watch that is never told anything is no watch.
      await until(
        async () => {
          await submit(given.store, { createdAt: NOW });
          return hints > 0;
        },
        { what: "the watch of the second connection was told of a commit of the first" },
      );

      stop();
    });
  });
}
