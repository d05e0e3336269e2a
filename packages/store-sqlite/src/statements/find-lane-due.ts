// When something is due in a lane, by the deliveries themselves.
import { statement } from "./statement.js";

export const findLaneDue = statement<[lane: string], [dueAt: number, channel: string, owner: string]>(`
  select due_at, channel, owner
    from meanwhile_deliveries indexed by meanwhile_deliveries_due
   where lane = ?
     and due_at is not null
   order by due_at
   limit 1`);
