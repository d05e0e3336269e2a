// The lanes of a channel in which something will be due, next first.
import { statement } from "./statement.js";

export const findLanes = statement<
  [channel: string, fullOwners: readonly string[], limit: number],
  [lane: string, nextDueAt: number, owner: string]
>(
  "find_lanes",
  `
  select lane, next_due_at, owner
    from meanwhile_delivery_lanes
   where channel = $1
     and owner <> all ($2::text[]) -- as many as they have lanes, they are passed over here
   order by next_due_at, lane
   limit $3::bigint`,
);
