// Reads deliveries: one, or a page of them.
import { AppError, type Delivery, type DeliveryFilter, type DeliveryPage } from "@meanwhile/core";
import type { Database } from "./database.js";
import { toDelivery } from "./delivery-rows.js";
import { findDelivery } from "./statements/find-delivery.js";
import { type DeliveryFilterName, findDeliveryFloor, listDeliveries } from "./statements/list-deliveries.js";

/** Rows that one page may walk over: some milliseconds of one connection. */
const WALKED_ROWS = 5_000;

export function createDeliveryQueries(database: Database) {
  return {
    async find(deliveryId: string): Promise<Delivery | undefined> {
      const [row] = await database.list(findDelivery, [deliveryId]);
      return row && toDelivery(row);
    },

    async list(query: DeliveryFilter & { readonly owner?: string }): Promise<DeliveryPage> {
      const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(query.cursor);
      const by = WALKS.find((name) => query[name] !== undefined);
      const filters = FILTERS.filter((name) => name !== by && query[name] !== undefined);
      const walked = by === undefined ? [] : [query[by]!];
      const [floor] = await database.list(findDeliveryFloor(by ?? "all"), [before, WALKED_ROWS - 1, ...walked]);
      const from = floor?.[0] ?? 0;
      // One row more than asked for says whether there is a next page.
      const values = [before, from, query.limit + 1, ...walked, ...filters.map((name) => query[name]!)];
      const rows = await database.list(listDeliveries(by ?? "all", filters), values);
      const items = rows.slice(0, query.limit);
      const nextBefore = rows.length > query.limit ? (items.at(-1)?.[0] ?? before) : from;
      return { items: items.map(toDelivery), nextCursor: nextBefore > 1 ? String(nextBefore) : null };
    },
  };
}

/** The narrowest first. */
const WALKS = ["jobId", "endpointId", "owner"] as const;

const FILTERS: readonly DeliveryFilterName[] = ["owner", "endpointId", "status"];

function readCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new AppError("invalid_request", {
    message:
      "The cursor cannot be read. Send the nextCursor of an earlier page, or none to start at the newest delivery.",
  });
}
