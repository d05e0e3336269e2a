// A feed is told every event of every job: each in its transaction, in the order of its job, and erased once it is delivered.
import { deliveryId, type Sent, toJobEvent } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import type { Given } from "../describe-store.js";
import { claimDeliveries, claimDelivery, complete, deliveriesOf, HOOK, settlementOf } from "./delivery-moves.js";
import { NOW, SECOND } from "./moves.js";

const FEED = { channels: ["queue"] } as const;

export function describeFeedDeliveries(given: Given): void {
  describe("the deliveries of a feed", () => {
    it("are none where no feed is configured", async () => {
      await complete(given.store);

      expect((await claimDeliveries(given.store, FEED)).deliveries).toEqual([]);
    });

    it("are every event of every owner's jobs, with the event alone as the body", async () => {
      given.store.deliveries.configure({ linkBase: "https://api.example", feeds: ["queue"] });
      const job = await complete(given.store, { type: "letter" });
      const other = await complete(given.store, { owner: "globex" });

      const queued = await deliveriesOf(given.store, job.id);

      expect(queued.map(({ seq, channel, target, endpointId }) => ({ seq, channel, target, endpointId }))).toEqual([
        { seq: 1, channel: "queue", target: "job.submitted.letter", endpointId: null },
        { seq: 2, channel: "queue", target: "job.started.letter", endpointId: null },
        { seq: 3, channel: "queue", target: "job.completed.letter", endpointId: null },
      ]);
      expect(queued[0]!.id).toBe(deliveryId({ ...(await eventsOf(given, job.id))[0]!, jobId: job.id }, "queue"));
      const { deliveries } = await claimDeliveries(given.store, FEED);
      expect(deliveries.map(({ jobId, owner, lane }) => ({ jobId, owner, lane }))).toEqual([
        { jobId: job.id, owner: job.owner, lane: `queue ${job.owner}` },
        { jobId: other.id, owner: "globex", lane: "queue globex" },
      ]);
      const [first] = await eventsOf(given, job.id);
      expect(JSON.parse(deliveries[0]!.body)).toEqual(toJobEvent(first!, job));
    });

    it("come beside those of the job's own webhook, each in a line of its own", async () => {
      given.store.deliveries.configure({ linkBase: "", feeds: ["queue"] });
      const job = await complete(given.store, { webhook: HOOK });

      const webhook = await claimDelivery(given.store);
      const feed = await claimDelivery(given.store, FEED);

      expect(webhook).toMatchObject({ jobId: job.id, seq: 3, channel: "webhook" });
      expect(JSON.parse(webhook.body)).toMatchObject({ data: { event: { seq: 3 } } });
      expect(feed).toMatchObject({ jobId: job.id, seq: 1, channel: "queue" });
    });

    it("go one behind the other, and are erased with their bodies when they are delivered", async () => {
      given.store.deliveries.configure({ linkBase: "", feeds: ["queue"] });
      const job = await complete(given.store);

      for (const seq of [1, 2, 3]) {
        const delivery = await claimDelivery(given.store, FEED);
        expect(delivery.seq).toBe(seq);
        expect((await claimDeliveries(given.store, FEED)).deliveries).toEqual([]);
        const results = await given.store.deliveries.settle([{ ...settlementOf(delivery, "accepted"), erases: true }]);
        expect(results).toEqual([{ outcome: "settled", failing: null }]);
        expect(await given.store.deliveries.find(delivery.id)).toBeUndefined();
      }

      expect(await deliveriesOf(given.store, job.id)).toEqual([]);
      expect(await claimDeliveries(given.store, FEED)).toEqual({ deliveries: [], nextDueAt: null });
    });

    it("many are erased in one settlement, and each that lost its lease stays", async () => {
      given.store.deliveries.configure({ linkBase: "", feeds: ["queue"] });
      const jobs = [await complete(given.store), await complete(given.store), await complete(given.store)];
      const { deliveries } = await claimDeliveries(given.store, FEED);
      const settlements = deliveries.map((delivery) => ({ ...settlementOf(delivery, "accepted"), erases: true }));

      const results = await given.store.deliveries.settle([
        settlements[0]!,
        { ...settlements[1]!, leaseToken: "another" },
        settlements[2]!,
      ]);

      expect(results.map(({ outcome }) => outcome)).toEqual(["settled", "lost", "settled"]);
      const left = await Promise.all(jobs.map(({ id }) => deliveriesOf(given.store, id)));
      expect(left.map((list) => list.map(({ seq }) => seq))).toEqual([
        [2, 3],
        [1, 2, 3],
        [2, 3],
      ]);
    });

    it("that failed wait for their next attempt, and the next of the job behind them", async () => {
      given.store.deliveries.configure({ linkBase: "", feeds: ["queue"] });
      await complete(given.store);
      const failed: Sent["outcome"] = "failed";
      const delivery = await claimDelivery(given.store, FEED);
      await given.store.deliveries.settle([settlementOf(delivery, failed)]);

      expect((await claimDeliveries(given.store, FEED)).deliveries).toEqual([]);
      const again = await claimDelivery(given.store, { ...FEED, now: NOW + 2 * SECOND });

      expect(again).toMatchObject({ id: delivery.id, body: delivery.body, attemptCount: 1 });
    });
  });
}

async function eventsOf({ store }: Given, jobId: string) {
  return store.events.read(jobId, { after: 0, limit: 100 });
}
