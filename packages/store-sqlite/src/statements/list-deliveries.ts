// Pages of deliveries, newest first: the fixed fragments that a query picks from.
import { DELIVERY_COLUMNS, type DeliveryRow } from "./delivery-columns.js";
import { LIMIT, type Statement, statement } from "./statement.js";

/** By which the list is walked, the narrowest that was asked for: one value of it, then number by number. */
const WALKS = {
  jobId: "indexed by meanwhile_deliveries_job\n   where job_id = ?",
  endpointId: "indexed by meanwhile_deliveries_endpoint\n   where endpoint_id = ?",
  owner: "indexed by meanwhile_deliveries_owner\n   where owner = ?",
  all: "not indexed\n   where true",
} as const;

export type DeliveryWalk = keyof typeof WALKS;

/** In the order of their parameters. */
export const DELIVERY_FILTERS = { owner: "owner = ?", endpointId: "endpoint_id = ?", status: "status = ?" } as const;

export type DeliveryFilterName = keyof typeof DELIVERY_FILTERS;

/** The value of the walk unless it is of all, number below, number from, one per filter, limit. */
export type ListDeliveries = (string | number)[];

/** Where a page's walk ends at the latest. */
export function findDeliveryFloor(walk: DeliveryWalk): Statement<(string | number)[], [number: number]> {
  return statement(`
  select number
    from meanwhile_deliveries ${WALKS[walk]}
     and number < ?
   order by number desc
   limit 1 offset ? + 0 -- see LIMIT`);
}

export function listDeliveries(
  walk: DeliveryWalk,
  filters: readonly DeliveryFilterName[],
): Statement<ListDeliveries, DeliveryRow> {
  // The unary plus keeps a filter from being taken for a walk.
  const narrowed = filters.map((filter) => `\n     and +${DELIVERY_FILTERS[filter]}`).join("");
  return statement(`
  select ${DELIVERY_COLUMNS}
    from meanwhile_deliveries as deliveries ${WALKS[walk]}
     and number < ?
     and number >= ?${narrowed}
   order by number desc
   ${LIMIT}`);
}
