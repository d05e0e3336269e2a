// The lanes of a channel, those first in which something has been due for longest.
import { LIMIT, statement } from "./statement.js";

export const findLanes = statement<[channel: string, limit: number], [lane: string, nextDueAt: number]>(`
  select lane, next_due_at
    from meanwhile_delivery_lanes indexed by meanwhile_delivery_lanes_due
   where channel = ?
   order by next_due_at, lane
   ${LIMIT}`);
