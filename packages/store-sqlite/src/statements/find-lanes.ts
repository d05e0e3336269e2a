// The lanes of a channel, those first in which something has been due for longest.
import { LIMIT, statement } from "./statement.js";

export const findLanes = statement<
  [channel: string, fullOwners: string, limit: number],
  [lane: string, nextDueAt: number, owner: string]
>(`
  select lane, next_due_at, owner
    from meanwhile_delivery_lanes indexed by meanwhile_delivery_lanes_due
   where channel = ?
     and owner not in (select value from json_each(?)) -- as many as they have lanes, they are passed over here
   order by next_due_at, lane
   ${LIMIT}`);
