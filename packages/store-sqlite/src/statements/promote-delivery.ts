// The head of a line is finished: the next of it is due.
import { statement } from "./statement.js";

export type PromoteDelivery = [now: number, now: number, line: string];

export const promoteDelivery = statement<PromoteDelivery, [lane: string]>(`
  update meanwhile_deliveries
     set place = 1,
         due_at = ?,
         next_attempt_at = ?
   where number = (select number
                     from meanwhile_deliveries indexed by meanwhile_deliveries_line
                    where line = ?
                      and place is not null
                    order by seq
                    limit 1)
     and place = 0 -- the head is still there
  returning lane`);
