// Locks lanes whose deliveries have changed, before it is said anew when something is due in them.
import { statement } from "./statement.js";

/** The lanes must be sorted. */
export const lockLanes = statement<[lanes: readonly string[]], [lane: string]>(
  "lock_lanes",
  `
  select lanes.lane
    from unnest($1::text[]) as batch (lane)
    cross join lateral (select lane
                          from meanwhile_delivery_lanes
                         where lane = batch.lane
                        offset 0
                           for update) as lanes`,
);
