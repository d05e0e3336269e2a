// Claims and settlements of deliveries: fenced, in the order of their lines, fair between receivers.
import { jsonPayload } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import type { Given } from "../describe-store.js";
import {
  addEndpoint,
  claimDeliveries,
  claimDelivery,
  complete,
  deliveriesOf,
  getDelivery,
  HOOK,
  settleDelivery,
  settlementOf,
} from "./delivery-moves.js";
import { claimOne, idsOf, NOW, SECOND, settle, submit } from "./moves.js";

const BOTH = { ...HOOK, events: ["job.started", "job.completed"] } as const;
const MINUTE = 60 * SECOND;

export function describeClaimedDeliveries(given: Given): void {
  describe("a claim of deliveries", () => {
    it("gives what is due, with all that a sending needs, to one caller only", async () => {
      const job = await complete(given.store, { webhook: { ...HOOK, secret: "whsec_own" } });

      const claim = await claimDeliveries(given.store, { leaseToken: "mine" });
      const again = await claimDeliveries(given.store);

      expect(claim.deliveries).toEqual([
        {
          ...(await getDelivery(given.store, claim.deliveries[0]!.id)),
          leaseToken: "mine",
          lane: "webhook acme https://hooks.example",
          body: expect.stringContaining(job.id),
          roundAttempts: 0,
          secret: "whsec_own",
          traceparent: null,
          endpoint: null,
        },
      ]);
      expect(again).toEqual({ deliveries: [], nextDueAt: NOW + MINUTE });
    });

    it("gives it again when the lease has run out; the first holder can write nothing then", async () => {
      await complete(given.store, { webhook: HOOK });
      const first = await claimDelivery(given.store);

      expect((await claimDeliveries(given.store, { now: NOW + MINUTE - 1 })).deliveries).toEqual([]);
      const second = await claimDelivery(given.store, { now: NOW + MINUTE });

      expect(second).toMatchObject({ id: first.id, body: first.body, attemptCount: 0 });
      expect(await given.store.deliveries.settle([settlementOf(first, "accepted")])).toEqual([{ outcome: "lost" }]);
      expect(await getDelivery(given.store, first.id)).toMatchObject({ status: "PENDING", attempts: [] });
      expect(await settleDelivery(given.store, second, "accepted")).toMatchObject({ status: "DELIVERED" });
    });

    it("gives of each line the first that is not finished", async () => {
      const job = await complete(given.store, { webhook: BOTH });
      const first = await claimDelivery(given.store);
      expect(first.seq).toBe(2);

      const retried = await settleDelivery(given.store, first, "failed");
      expect(retried).toMatchObject({ status: "RETRY_PENDING", nextAttemptAt: NOW + SECOND });
      expect(await claimDeliveries(given.store)).toEqual({ deliveries: [], nextDueAt: NOW + SECOND });
      const again = await claimDelivery(given.store, { now: NOW + SECOND });
      expect(again).toMatchObject({ seq: 2, attemptCount: 1, roundAttempts: 1 });
      await settleDelivery(given.store, again, "accepted", NOW + SECOND);

      const next = await claimDelivery(given.store, { now: NOW + SECOND });
      expect(next).toMatchObject({ seq: 3, jobId: job.id, nextAttemptAt: NOW + SECOND });
    });

    it("goes on behind what was given up or stopped", async () => {
      for (const outcome of ["failed", "refused"] as const) {
        const job = await complete(given.store, { webhook: BOTH });
        let delivery = await claimDelivery(given.store);
        for (let at = NOW; (await getDelivery(given.store, delivery.id)).finishedAt === null; at += SECOND) {
          if (at > NOW) delivery = await claimDelivery(given.store, { now: at });
          await settleDelivery(given.store, delivery, outcome, at);
        }

        const next = await claimDelivery(given.store, { now: NOW + MINUTE });
        expect(next).toMatchObject({ jobId: job.id, seq: 3 });
        await settleDelivery(given.store, next, "accepted");
      }
    });

    it("lets the lines of a job to several targets go by themselves", async () => {
      const endpoint = await addEndpoint(given.store);
      const job = await complete(given.store, { webhook: BOTH });

      const { deliveries } = await claimDeliveries(given.store);

      expect(new Set(deliveries.map(({ seq, endpointId }) => `${seq} ${endpointId}`))).toEqual(
        new Set(["2 null", `3 ${endpoint.id}`]),
      );
      expect(idsOf(await deliveriesOf(given.store, job.id))).toHaveLength(3);
    });

    it("takes no more of a lane than it may, and the lane first that has waited longest", async () => {
      const slow = { ...HOOK, url: "https://slow.example/" };
      for (let n = 0; n < 3; n++) await complete(given.store, { webhook: slow }, NOW + n);
      const quick = await complete(given.store, { webhook: HOOK }, NOW + 5);
      const now = NOW + 10;

      const first = await claimDeliveries(given.store, { perLane: 2, limit: 3, now });
      const slowLane = first.deliveries[0]!.lane;
      const full = await claimDeliveries(given.store, { lanes: new Map([[slowLane, 0]]), now });
      const one = await claimDeliveries(given.store, { lanes: new Map([[slowLane, 1]]), now });

      expect(first.deliveries.map(({ target }) => target)).toEqual([slow.url, slow.url, HOOK.url]);
      expect(first.deliveries[2]?.jobId).toBe(quick.id);
      expect(first.nextDueAt).toBe(NOW + 2);
      expect(full).toEqual({ deliveries: [], nextDueAt: now + MINUTE });
      expect(one.deliveries.map(({ createdAt }) => createdAt)).toEqual([NOW + 2]);
    });

    it("takes no more of an owner than it may, over all of the owner's lanes", async () => {
      for (let n = 0; n < 4; n++) {
        await complete(given.store, { owner: "greedy", webhook: { ...HOOK, url: `https://${n}.example/` } }, NOW + n);
      }
      const modest = await complete(given.store, { owner: "modest", webhook: HOOK }, NOW + 5);
      const now = NOW + 10;

      const first = await claimDeliveries(given.store, { perOwner: 2, now });
      const full = await claimDeliveries(given.store, { owners: new Map([["greedy", 0]]), now });
      const one = await claimDeliveries(given.store, { owners: new Map([["greedy", 1]]), now });

      expect(first.deliveries.map(({ target }) => target)).toEqual([
        ...["https://0.example/", "https://1.example/"],
        HOOK.url,
      ]);
      expect(first.deliveries[2]?.jobId).toBe(modest.id);
      expect(full).toEqual({ deliveries: [], nextDueAt: now + MINUTE });
      expect(one.deliveries.map(({ target }) => target)).toEqual(["https://2.example/"]);
    });

    it("gives no more than its limit, and says that more is due", async () => {
      for (let n = 0; n < 3; n++) await complete(given.store, { webhook: HOOK });

      const claim = await claimDeliveries(given.store, { limit: 2 });

      expect(claim.deliveries).toHaveLength(2);
      expect(claim.nextDueAt).toBe(NOW);
    });

    it("gives nothing of channels that the caller does not serve", async () => {
      await complete(given.store, { webhook: HOOK });

      expect(await claimDeliveries(given.store, { channels: ["amqp"] })).toEqual({ deliveries: [], nextDueAt: null });
      expect((await claimDeliveries(given.store, { channels: ["amqp", "webhook"] })).deliveries).toHaveLength(1);
    });

    it("reads the endpoint as it is now: address, secrets, whether it is enabled", async () => {
      const endpoint = await addEndpoint(given.store);
      const previousSecret = { secret: "whsec_before", until: NOW + SECOND };
      await complete(given.store);
      const change = { url: "https://moved.example/", secret: "whsec_new", previousSecret, enabled: false };
      await given.store.webhookEndpoints.update(endpoint.id, change, { at: NOW });

      const early = await claimDelivery(given.store, { leaseMs: SECOND });
      const late = await claimDelivery(given.store, { now: NOW + SECOND, leaseMs: SECOND });
      await given.store.webhookEndpoints.remove(endpoint.id);
      const gone = await claimDelivery(given.store, { now: NOW + 2 * SECOND });

      expect(early.target).toBe("https://moved.example/");
      expect(early.endpoint).toEqual({ enabled: false, secrets: ["whsec_new", "whsec_before"] });
      expect(late.endpoint).toEqual({ enabled: false, secrets: ["whsec_new"] });
      expect(gone).toMatchObject({ endpoint: null, endpointId: endpoint.id });
    });
  });

  describe("a settlement of deliveries", () => {
    it("keeps what happened", async () => {
      await complete(given.store, { webhook: HOOK });
      const delivery = await claimDelivery(given.store);

      const settled = await settleDelivery(given.store, delivery, "accepted", NOW + 7);

      expect(settled).toEqual({
        ...(await getDelivery(given.store, delivery.id)),
        status: "DELIVERED",
        attemptCount: 1,
        attempts: [{ at: NOW + 4, statusCode: 200, durationMs: 3, error: null, responseHead: "ok" }],
        nextAttemptAt: null,
        finishedAt: NOW + 7,
      });
    });

    it("counts an endpoint's failures in a row, and ends the row with an answer", async () => {
      const endpoint = await addEndpoint(given.store);
      const fail = async (now: number) => {
        await complete(given.store, {}, now);
        const delivery = await claimDelivery(given.store, { now });
        return given.store.deliveries.settle([settlementOf(delivery, "failed", { now })]);
      };

      expect(await fail(NOW)).toEqual([{ outcome: "settled", failing: { since: NOW, count: 1 } }]);
      expect(await fail(NOW + 1)).toEqual([{ outcome: "settled", failing: { since: NOW, count: 2 } }]);
      const found = await given.store.webhookEndpoints.find(endpoint.id);
      expect(found).toMatchObject({ failingSince: NOW, failureCount: 2 });
      await complete(given.store, {}, NOW + 2);
      await settleDelivery(given.store, await claimDelivery(given.store, { now: NOW + 2 }), "accepted");
      expect(await given.store.webhookEndpoints.find(endpoint.id)).toMatchObject({
        failingSince: null,
        failureCount: 0,
      });
      expect(await fail(NOW + 3)).toEqual([{ outcome: "settled", failing: { since: NOW + 3, count: 1 } }]);
    });

    it("may be many, each with its own fate", async () => {
      for (let n = 0; n < 3; n++) await complete(given.store, { webhook: HOOK });
      const { deliveries } = await claimDeliveries(given.store);
      const [a, b, c] = deliveries;

      const results = await given.store.deliveries.settle([
        settlementOf(a!, "accepted"),
        { ...settlementOf(b!, "accepted"), leaseToken: "another" },
        settlementOf(c!, "failed"),
      ]);

      expect(results.map(({ outcome }) => outcome)).toEqual(["settled", "lost", "settled"]);
      const status = async (id: string) => (await getDelivery(given.store, id)).status;
      expect([await status(a!.id), await status(b!.id), await status(c!.id)]).toEqual([
        "DELIVERED",
        "PENDING",
        "RETRY_PENDING",
      ]);
    });
  });

  describe("a delivery that is handed back", () => {
    it("is due at once, as if nobody had held it", async () => {
      await complete(given.store, { webhook: HOOK });
      const held = await claimDelivery(given.store);
      const before = await getDelivery(given.store, held.id);

      await given.store.deliveries.handBack([{ deliveryId: held.id, leaseToken: "another" }]);
      expect((await claimDeliveries(given.store)).deliveries).toEqual([]);
      await given.store.deliveries.handBack([{ deliveryId: held.id, leaseToken: held.leaseToken }]);

      expect(await getDelivery(given.store, held.id)).toEqual(before);
      expect(await claimDelivery(given.store)).toMatchObject({ id: held.id, attemptCount: 0 });
    });
  });

  describe("deliveries of a job that moves on while they wait", () => {
    it("queue up behind each other", async () => {
      const webhook = { ...HOOK, events: ["job.submitted", "job.started", "job.completed"] } as const;
      await submit(given.store, { webhook });
      const first = await claimDelivery(given.store);
      const claimed = await claimOne(given.store);
      await settle(given.store, claimed, { kind: "complete", leaseToken: claimed.lease.token, result: jsonPayload(1) });
      expect((await claimDeliveries(given.store)).deliveries).toEqual([]);

      const seqs = [first.seq];
      for (let delivery = first; seqs.length < 3; seqs.push(delivery.seq)) {
        await settleDelivery(given.store, delivery, "accepted");
        delivery = await claimDelivery(given.store);
      }

      expect(seqs).toEqual([1, 2, 3]);
    });
  });
}
