// Standing endpoints: kept whole, few per owner, listed newest first.
import { describe, expect, it } from "vitest";
import { makeId } from "../builders.js";
import type { Given } from "../describe-store.js";
import { addEndpoint, makeEndpoint } from "./delivery-moves.js";
import { idsOf, NOW } from "./moves.js";

export function describeWebhookEndpoints(given: Given): void {
  describe("webhook endpoints", () => {
    it("are found as they were stored", async () => {
      const endpoint = await addEndpoint(given.store, {
        types: ["report"],
        enabled: false,
        disabledReason: "It answered 410.",
        previousSecret: { secret: "whsec_before", until: NOW + 1 },
        failingSince: NOW,
        failureCount: 3,
      });

      expect(await given.store.webhookEndpoints.find(endpoint.id)).toEqual(endpoint);
      expect(await given.store.webhookEndpoints.find(makeId())).toBeUndefined();
    });

    it("are no more than an owner may have", async () => {
      await addEndpoint(given.store);
      await addEndpoint(given.store, { owner: "globex" });
      const third = makeEndpoint();

      expect(await given.store.webhookEndpoints.insert(third, { atMost: 1 })).toBe(false);
      expect(await given.store.webhookEndpoints.find(third.id)).toBeUndefined();
      expect(await given.store.webhookEndpoints.insert(third, { atMost: 2 })).toBe(true);
    });

    it("change by what is given, and keep the rest", async () => {
      const endpoint = await addEndpoint(given.store, { types: ["report"] });
      const patch = { types: null, url: "https://moved.example/", previousSecret: { secret: "a", until: NOW } };

      const updated = await given.store.webhookEndpoints.update(endpoint.id, patch, { at: NOW + 5 });

      expect(updated).toEqual({ ...endpoint, ...patch, updatedAt: NOW + 5 });
      expect(await given.store.webhookEndpoints.find(endpoint.id)).toEqual(updated);
      expect(await given.store.webhookEndpoints.update(makeId(), patch, { at: NOW })).toBeUndefined();
    });

    it("are gone once they are removed", async () => {
      const { id } = await addEndpoint(given.store);

      expect(await given.store.webhookEndpoints.remove(id)).toBe(true);
      expect(await given.store.webhookEndpoints.remove(id)).toBe(false);
      expect(await given.store.webhookEndpoints.find(id)).toBeUndefined();
    });

    it("are listed newest first, of one owner, page by page", async () => {
      const ids = idsOf([
        await addEndpoint(given.store),
        await addEndpoint(given.store),
        await addEndpoint(given.store),
      ]);
      await addEndpoint(given.store, { owner: "globex" });
      const [oldest, middle, newest] = ids;

      const first = await given.store.webhookEndpoints.list({ owner: "acme", limit: 2 });
      const second = await given.store.webhookEndpoints.list({ owner: "acme", limit: 2, cursor: first.nextCursor! });

      expect(idsOf(first.items)).toEqual([newest, middle]);
      expect(idsOf(second.items)).toEqual([oldest]);
      expect(second.nextCursor).toBeNull();
      await expect(
        given.store.webhookEndpoints.list({ owner: "globex", limit: 2, cursor: newest! }),
      ).rejects.toMatchObject({
        code: "invalid_request",
      });
    });
  });
}
