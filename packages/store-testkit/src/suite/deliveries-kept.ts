// Deliveries afterwards: listed, queued again, recovered, stopped, forgotten.
import { AppError, type Delivery, type Store } from "@meanwhile/core";
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
} from "./delivery-moves.js";
import { idsOf, NOW, SECOND } from "./moves.js";

const BOTH = { ...HOOK, events: ["job.started", "job.completed"] } as const;

/** One delivery that is finished. */
async function finishedDelivery(store: Store, outcome: "accepted" | "refused", now: number = NOW): Promise<Delivery> {
  await complete(store, { webhook: HOOK }, now);
  return settleDelivery(store, await claimDelivery(store, { now }), outcome, now);
}

export function describeKeptDeliveries(given: Given): void {
  describe("the list of deliveries", () => {
    it("goes newest first, page by page, by job, endpoint, status and owner", async () => {
      const endpoint = await addEndpoint(given.store);
      const a = await complete(given.store, { webhook: BOTH });
      const b = await complete(given.store, { owner: "globex", webhook: HOOK });
      await settleDelivery(given.store, (await claimDeliveries(given.store)).deliveries[0]!, "accepted");

      const all = await walkDeliveries(given.store, { limit: 2 });
      expect(all).toHaveLength(4);
      expect(all[0]?.jobId).toBe(b.id);
      expect(await walkDeliveries(given.store, { limit: 3, jobId: a.id })).toEqual(all.slice(1));
      expect(await walkDeliveries(given.store, { limit: 1, owner: "globex" })).toEqual(all.slice(0, 1));
      expect(await walkDeliveries(given.store, { limit: 1, jobId: a.id, owner: "globex" })).toEqual([]);
      expect(idsOf(await walkDeliveries(given.store, { limit: 9, endpointId: endpoint.id }))).toEqual(
        idsOf(all.filter(({ endpointId }) => endpointId === endpoint.id)),
      );
      const delivered = { limit: 9, status: "DELIVERED", owner: "acme", jobId: a.id, endpointId: endpoint.id } as const;
      expect(await walkDeliveries(given.store, { limit: 1, status: "DELIVERED" })).toHaveLength(1);
      expect(await walkDeliveries(given.store, delivered)).toEqual(
        all.filter(({ status, endpointId }) => status === "DELIVERED" && endpointId === endpoint.id),
      );
    });

    it("refuses a cursor that it did not give", async () => {
      const listed = given.store.deliveries.list({ limit: 1, cursor: "over there" });

      await expect(listed).rejects.toMatchObject({ code: "invalid_request" });
      await expect(listed).rejects.toBeInstanceOf(AppError);
    });
  });

  describe("a delivery that is queued again", () => {
    it("is due at once with a whole schedule, its attempts kept", async () => {
      const delivery = await finishedDelivery(given.store, "refused");
      let hints = 0;
      given.store.deliveries.onQueued(() => {
        hints++;
      });

      expect(await given.store.deliveries.requeue(delivery.id, { now: NOW + 5 })).toBe("queued");

      expect(hints).toBe(1);
      expect(await getDelivery(given.store, delivery.id)).toEqual({
        ...delivery,
        status: "RETRY_PENDING",
        nextAttemptAt: NOW + 5,
        finishedAt: null,
      });
      expect(await claimDelivery(given.store, { now: NOW + 5 })).toMatchObject({ roundAttempts: 0, attemptCount: 1 });
    });

    it("need not wait for its next attempt", async () => {
      await complete(given.store, { webhook: HOOK });
      const { id } = await settleDelivery(given.store, await claimDelivery(given.store), "failed");

      expect(await given.store.deliveries.requeue(id, { now: NOW })).toBe("queued");

      expect(await claimDelivery(given.store)).toMatchObject({ id, roundAttempts: 0 });
    });

    it("does not hold up the later ones of its line", async () => {
      const job = await complete(given.store, { webhook: BOTH });
      const first = await settleDelivery(given.store, await claimDelivery(given.store), "refused");
      await given.store.deliveries.requeue(first.id, { now: NOW });

      const { deliveries } = await claimDeliveries(given.store);

      expect(deliveries.map(({ seq }) => seq).sort()).toEqual([2, 3]);
      expect(deliveries.every(({ jobId }) => jobId === job.id)).toBe(true);
    });

    it("is refused where it stands behind another, is being sent, or is not there", async () => {
      const job = await complete(given.store, { webhook: BOTH });
      const [first, second] = await deliveriesOf(given.store, job.id);
      await claimDelivery(given.store);

      expect(await given.store.deliveries.requeue(first!.id, { now: NOW })).toBe("leased");
      expect(await given.store.deliveries.requeue(second!.id, { now: NOW })).toBe("waiting");
      expect(await given.store.deliveries.requeue("nobody", { now: NOW })).toBe("missing");
    });
  });

  describe("the deliveries of an endpoint", () => {
    it("that were given up in a span of time are queued again, oldest first, and go to where it is now", async () => {
      const endpoint = await addEndpoint(given.store);
      const ids: string[] = [];
      for (const now of [NOW, NOW + 1, NOW + 2, NOW + 3]) {
        await complete(given.store, {}, now);
        const outcome = now === NOW + 2 ? "accepted" : "refused";
        ids.push((await settleDelivery(given.store, await claimDelivery(given.store, { now }), outcome, now)).id);
      }
      await given.store.webhookEndpoints.update(endpoint.id, { url: "https://moved.example/" }, { at: NOW });
      const range = { endpointId: endpoint.id, since: NOW + 1, until: NOW + 3, now: NOW + 9 };

      expect(await given.store.deliveries.recover({ ...range, limit: 1 })).toBe(1);
      expect(idsOf((await claimDeliveries(given.store, { now: NOW + 9 })).deliveries)).toEqual([ids[1]]);
      expect(await given.store.deliveries.recover({ ...range, limit: 10 })).toBe(1);
      expect(await given.store.deliveries.recover({ ...range, limit: 10 })).toBe(0);

      expect(await claimDelivery(given.store, { now: NOW + 9 })).toMatchObject({
        id: ids[3],
        target: "https://moved.example/",
        lane: "webhook acme https://moved.example",
      });
    });

    it("are stopped, waiting ones too, but not those that are being sent", async () => {
      const endpoint = await addEndpoint(given.store, { events: ["job.started", "job.completed"] });
      const sending = await complete(given.store);
      const held = await claimDelivery(given.store);
      const waiting = await complete(given.store);

      let stopped = 0;
      for (let count = 1; count > 0; stopped += count) {
        count = await given.store.deliveries.stop({ endpointId: endpoint.id, limit: 2, now: NOW + 1 });
      }

      expect(stopped).toBe(3);
      const status = async (id: string) => (await deliveriesOf(given.store, id)).map((each) => each.status);
      expect(await status(sending.id)).toEqual(["PENDING", "STOPPED"]);
      expect(await status(waiting.id)).toEqual(["STOPPED", "STOPPED"]);
      expect(await settleDelivery(given.store, held, "accepted")).toMatchObject({ status: "DELIVERED" });
      expect((await claimDeliveries(given.store, { now: NOW + SECOND })).deliveries).toEqual([]);
    });
  });

  describe("old deliveries", () => {
    it("are erased oldest first; unfinished ones stay", async () => {
      const old = await finishedDelivery(given.store, "accepted", NOW);
      const newer = await finishedDelivery(given.store, "refused", NOW + 1);
      const newest = await finishedDelivery(given.store, "accepted", NOW + 2);
      const open = await complete(given.store, { webhook: HOOK });

      expect(await given.store.deliveries.prune({ finishedBefore: NOW + 2, limit: 1 })).toBe(1);
      expect(await given.store.deliveries.find(old.id)).toBeUndefined();
      expect(await given.store.deliveries.find(newer.id)).toBeDefined();
      expect(await given.store.deliveries.prune({ finishedBefore: NOW + 2, limit: 10 })).toBe(1);
      expect(await given.store.deliveries.prune({ finishedBefore: NOW + 2, limit: 10 })).toBe(0);

      expect(await given.store.deliveries.find(newest.id)).toBeDefined();
      expect(await deliveriesOf(given.store, open.id)).toHaveLength(1);
    });
  });
}

/** All pages, one after the other. */
export async function walkDeliveries(
  store: Store,
  query: Parameters<Store["deliveries"]["list"]>[0],
): Promise<readonly Delivery[]> {
  const found: Delivery[] = [];
  let cursor: string | null | undefined;
  for (let pages = 0; cursor !== null; pages++) {
    if (pages > 10_000) throw new Error("The walk over the pages of the deliveries does not end.");
    const page = await store.deliveries.list({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(query.limit);
    found.push(...page.items);
    cursor = page.nextCursor;
  }
  return found;
}
