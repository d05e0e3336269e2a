// Standing endpoints, and which events they want.
import { AppError, type WebhookEndpointRecord, type WebhookEndpointStore } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import { fromEndpoint, toEndpoint } from "./delivery-rows.js";
import { countEndpoints } from "./statements/count-endpoints.js";
import { deleteEndpoint } from "./statements/delete-endpoint.js";
import { deleteWantedEvent } from "./statements/delete-wanted-event.js";
import { findEndpoint } from "./statements/find-endpoint.js";
import { insertEndpoint } from "./statements/insert-endpoint.js";
import { insertWantedEvent } from "./statements/insert-wanted-event.js";
import { listEndpoints } from "./statements/list-endpoints.js";
import { updateEndpoint } from "./statements/update-endpoint.js";
import type { Synchronous } from "./synchronous.js";

export function createWebhookEndpoints(connection: Connection): Synchronous<WebhookEndpointStore> {
  const one = connection.query(findEndpoint);
  const count = connection.query(countEndpoints);
  const page = connection.query(listEndpoints);
  const insert = connection.query(insertEndpoint);
  const change = connection.query(updateEndpoint);
  const erase = connection.query(deleteEndpoint);
  const want = connection.query(insertWantedEvent);
  const unwant = connection.query(deleteWantedEvent);

  const wish = (endpoint: WebhookEndpointRecord, number: number): void => {
    if (endpoint.enabled) for (const event of endpoint.events) want.run([event, endpoint.owner, number]);
  };
  const unwish = ({ events, owner }: WebhookEndpointRecord, number: number): void => {
    for (const event of events) unwant.run([event, owner, number]);
  };

  return {
    insert: (endpoint, { atMost }) =>
      connection.write(() => {
        if (count.find([endpoint.owner])![0] >= atMost) return false;
        const { id, owner, channel, createdAt } = endpoint;
        const { lastInsertRowid } = insert.run([...fromEndpoint(endpoint), id, owner, channel, createdAt]);
        wish(endpoint, Number(lastInsertRowid));
        return true;
      }),

    find(endpointId) {
      const row = one.find([endpointId]);
      return row && toEndpoint(row);
    },

    list({ owner, limit, cursor }) {
      const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : placeOf(one.find([cursor]), owner);
      const rows = page.list([owner, before, limit + 1]);
      const items = rows.slice(0, limit).map(toEndpoint);
      return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null };
    },

    update: (endpointId, patch, { at }) =>
      connection.write(() => {
        const row = one.find([endpointId]);
        if (row === undefined) return undefined;
        const before = toEndpoint(row);
        const after: WebhookEndpointRecord = { ...before, ...patch, updatedAt: at };
        unwish(before, row[0]);
        change.run([...fromEndpoint(after), row[0]]);
        wish(after, row[0]);
        return after;
      }),

    remove: (endpointId) =>
      connection.write(() => {
        const row = one.find([endpointId]);
        if (row === undefined) return false;
        unwish(toEndpoint(row), row[0]);
        erase.run([row[0]]);
        return true;
      }),
  };
}

function placeOf(row: readonly [number, string, string, ...unknown[]] | undefined, owner: string): number {
  if (row !== undefined && row[2] === owner) return row[0];
  throw new AppError("invalid_request", {
    message:
      "The cursor cannot be read. Send the nextCursor of an earlier page, or none to start at the newest endpoint.",
  });
}
