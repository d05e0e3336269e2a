// A page of deliveries, newest first: the walk and the filters that were asked for.
import { DELIVERY_COLUMNS, type DeliveryRow } from "./delivery-columns.js";
import { type Statement, statement } from "./statement.js";

/** By which the list is walked, the narrowest that was asked for: one value of it, then number by number. */
const WALKS = { jobId: "job_id", endpointId: "endpoint_id", owner: "owner" } as const;

export type DeliveryWalk = keyof typeof WALKS | "all";

/** In the order of their parameters. */
export const DELIVERY_FILTERS = { owner: "owner", endpointId: "endpoint_id", status: "status" } as const;

export type DeliveryFilterName = keyof typeof DELIVERY_FILTERS;

/** Number below, then number from and limit (or how many rows further), the value of the walk unless it is of all, one per filter. */
export type ListDeliveries = (string | number)[];

/** Where a page's walk ends at the latest. */
export function findDeliveryFloor(walk: DeliveryWalk): Statement<ListDeliveries, [number: number]> {
  const along = walk === "all" ? "" : `\n     and ${WALKS[walk]} = $3`;
  const order = walk === "all" ? "number desc" : `${WALKS[walk]} desc, number desc`;
  return statement(
    `find_delivery_floor_${walk}`,
    `
  select number
    from meanwhile_deliveries
   where number < $1::bigint${along}
   order by ${order}
   limit 1 offset $2::bigint`,
  );
}

export function listDeliveries(
  walk: DeliveryWalk,
  filters: readonly DeliveryFilterName[],
): Statement<ListDeliveries, DeliveryRow> {
  const along = walk === "all" ? [] : [WALKS[walk]];
  const columns = [...along, ...filters.map((filter) => DELIVERY_FILTERS[filter])];
  const narrowed = columns.map((column, index) => `\n     and deliveries.${column} = $${index + 4}`).join("");
  return statement(
    `list_deliveries_${walk}_${filters.map((filter) => filter[0]).join("")}`,
    `
  select ${DELIVERY_COLUMNS}
    from meanwhile_deliveries as deliveries
   where deliveries.number < $1::bigint
     and deliveries.number >= $2::bigint${narrowed}
   order by deliveries.number desc
   limit $3::bigint`,
  );
}
