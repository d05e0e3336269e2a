// The standing endpoints of the memory store.
import { AppError } from "../../errors.js";
import type { DeliverySettlement, EndpointFailures } from "../delivery-store.js";
import type { WebhookEndpointStore } from "../webhook-endpoint-store.js";
import type { MemoryTables } from "./memory-tables.js";

export function createMemoryEndpoints({ endpoints }: MemoryTables): WebhookEndpointStore {
  return {
    insert: async (endpoint, { atMost }) => {
      const owned = [...endpoints.values()].filter(({ owner }) => owner === endpoint.owner);
      if (owned.length >= atMost) return false;
      endpoints.set(endpoint.id, endpoint);
      return true;
    },

    find: async (endpointId) => endpoints.get(endpointId),

    list: async ({ owner, limit, cursor }) => {
      const owned = [...endpoints.values()].filter((endpoint) => endpoint.owner === owner).reverse();
      const start = cursor === undefined ? 0 : behind(owned, cursor);
      const items = owned.slice(start, start + limit);
      return { items, nextCursor: owned.length > start + limit ? items.at(-1)!.id : null };
    },

    update: async (endpointId, patch, { at }) => {
      const endpoint = endpoints.get(endpointId);
      if (endpoint === undefined) return undefined;
      const updated = { ...endpoint, ...patch, updatedAt: at };
      endpoints.set(endpointId, updated);
      return updated;
    },

    remove: async (endpointId) => endpoints.delete(endpointId),
  };
}

function behind(owned: readonly { readonly id: string }[], cursor: string): number {
  const index = owned.findIndex(({ id }) => id === cursor);
  if (index !== -1) return index + 1;
  throw new AppError("invalid_request", {
    message:
      "The cursor cannot be read. Send the nextCursor of an earlier page, or none to start at the newest endpoint.",
  });
}

/** @returns the endpoint's row of failures, where this was one more of it. */
export function recordSending(
  { endpoints }: MemoryTables,
  endpointId: string | null,
  { health, at }: { health: DeliverySettlement["endpointHealth"]; at: number },
): EndpointFailures | null {
  const endpoint = endpointId === null ? undefined : endpoints.get(endpointId);
  if (endpoint === undefined || health === null) return null;
  const failing =
    health === "answered" ? null : { since: endpoint.failingSince ?? at, count: endpoint.failureCount + 1 };
  endpoints.set(endpoint.id, {
    ...endpoint,
    failingSince: failing?.since ?? null,
    failureCount: failing?.count ?? 0,
  });
  return failing;
}
