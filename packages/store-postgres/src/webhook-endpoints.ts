// Standing endpoints, and which events they want.
//
// Whoever changes what is wanted holds up the transactions that commit events for a moment, and waits for those under way: once
// an endpoint is answered, no event can be committed by an older answer. Endpoints change rarely.
import { AppError, type WebhookEndpointRecord, type WebhookEndpointStore } from "@meanwhile/core";
import type { Database, Transaction } from "./database.js";
import { fromEndpoint, toEndpoint } from "./delivery-rows.js";
import { countEndpoints } from "./statements/count-endpoints.js";
import { deleteEndpoint } from "./statements/delete-endpoint.js";
import { deleteWantedEvents } from "./statements/delete-wanted-events.js";
import { findEndpoint } from "./statements/find-endpoint.js";
import { insertEndpoint } from "./statements/insert-endpoint.js";
import { insertWantedEvents } from "./statements/insert-wanted-events.js";
import { listEndpoints } from "./statements/list-endpoints.js";
import { lockEndpoint } from "./statements/lock-endpoint.js";
import { lockWantedEvents } from "./statements/lock-wanted-events.js";
import { updateEndpoint } from "./statements/update-endpoint.js";

export function createWebhookEndpoints(database: Database): WebhookEndpointStore {
  return {
    insert: (endpoint, { atMost }) =>
      database.write(async (transaction) => {
        await transaction.run(lockWantedEvents, []);
        const [[count]] = (await transaction.list(countEndpoints, [endpoint.owner])) as [[number]];
        if (count >= atMost) return false;
        const { id, owner, channel, createdAt } = endpoint;
        const values = [...fromEndpoint(endpoint), id, owner, channel, createdAt] as const;
        const [[number]] = (await transaction.list(insertEndpoint, [...values])) as [[number]];
        await wish(transaction, endpoint, number);
        return true;
      }),

    async find(endpointId) {
      const [row] = await database.list(findEndpoint, [endpointId]);
      return row && toEndpoint(row);
    },

    async list({ owner, limit, cursor }) {
      const before =
        cursor === undefined
          ? Number.MAX_SAFE_INTEGER
          : placeOf((await database.list(findEndpoint, [cursor]))[0], owner);
      const rows = await database.list(listEndpoints, [owner, before, limit + 1]);
      const items = rows.slice(0, limit).map(toEndpoint);
      return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null };
    },

    update: (endpointId, patch, { at }) =>
      database.write(async (transaction) => {
        if (patch.events !== undefined || patch.enabled !== undefined) await transaction.run(lockWantedEvents, []);
        const [row] = await transaction.list(lockEndpoint, [endpointId]);
        if (row === undefined) return undefined;
        const before = toEndpoint(row);
        const after: WebhookEndpointRecord = { ...before, ...patch, updatedAt: at };
        await transaction.run(updateEndpoint, [...fromEndpoint(after), row[0]]);
        if (patch.events !== undefined || patch.enabled !== undefined) {
          await transaction.run(deleteWantedEvents, [before.events, before.owner, row[0]]);
          await wish(transaction, after, row[0]);
        }
        return after;
      }),

    remove: (endpointId) =>
      database.write(async (transaction) => {
        await transaction.run(lockWantedEvents, []);
        const [row] = await transaction.list(lockEndpoint, [endpointId]);
        if (row === undefined) return false;
        const { events, owner } = toEndpoint(row);
        await transaction.run(deleteWantedEvents, [events, owner, row[0]]);
        await transaction.run(deleteEndpoint, [row[0]]);
        return true;
      }),
  };
}

async function wish(
  transaction: Transaction,
  { enabled, events, owner }: WebhookEndpointRecord,
  number: number,
): Promise<void> {
  if (enabled) await transaction.run(insertWantedEvents, [events, owner, number]);
}

function placeOf(row: readonly [number, string, string, ...unknown[]] | undefined, owner: string): number {
  if (row !== undefined && row[2] === owner) return row[0];
  throw new AppError("invalid_request", {
    message:
      "The cursor cannot be read. Send the nextCursor of an earlier page, or none to start at the newest endpoint.",
  });
}
