// Reads deliveries: one, or a page of them.
import { AppError, type Delivery, type DeliveryFilter, type DeliveryPage } from "@meanwhile/core";
import type { Connection, Query } from "./connection.js";
import { toDelivery } from "./delivery-rows.js";
import type { DeliveryRow } from "./statements/delivery-columns.js";
import { findDelivery } from "./statements/find-delivery.js";
import {
  type DeliveryFilterName,
  type DeliveryWalk,
  findDeliveryFloor,
  type ListDeliveries,
  listDeliveries,
} from "./statements/list-deliveries.js";

/** Rows that one page may walk over: some milliseconds, during which nothing else happens in this process. */
const WALKED_ROWS = 5_000;

interface Walk {
  readonly floor: Query<(string | number)[], [number]>;
  readonly list: Query<ListDeliveries, DeliveryRow>;
}

export function createDeliveryQueries(connection: Connection) {
  const one = connection.query(findDelivery);
  const walks = new Map<string, Walk>();

  const walkWith = (walk: DeliveryWalk, filters: readonly DeliveryFilterName[]): Walk => {
    const name = `${walk} ${filters.join()}`;
    const known = walks.get(name);
    if (known !== undefined) return known;
    const compiled: Walk = {
      floor: connection.query(findDeliveryFloor(walk)),
      list: connection.query(listDeliveries(walk, filters)),
    };
    walks.set(name, compiled);
    return compiled;
  };

  return {
    find(deliveryId: string): Delivery | undefined {
      const row = one.find([deliveryId]);
      return row && toDelivery(row);
    },

    list(query: DeliveryFilter & { readonly owner?: string }): DeliveryPage {
      const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(query.cursor);
      const by = WALKS.find((name) => query[name] !== undefined);
      const filters = FILTERS.filter((name) => name !== by && query[name] !== undefined);
      const { floor, list } = walkWith(by ?? "all", filters);
      const start = by === undefined ? [] : [query[by]!];
      const from = floor.find([...start, before, WALKED_ROWS - 1])?.[0] ?? 0;
      // One row more than asked for says whether there is a next page.
      const rows = list.list([...start, before, from, ...filters.map((name) => query[name]!), query.limit + 1]);
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
