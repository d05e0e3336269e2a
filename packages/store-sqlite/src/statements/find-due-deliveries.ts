// What is due in a lane, longest first.
import { LIMIT, statement } from "./statement.js";

export const findDueDeliveries = statement<[lane: string, now: number, limit: number], [number: number]>(`
  select number
    from meanwhile_deliveries indexed by meanwhile_deliveries_due
   where lane = ?
     and due_at <= ?
   order by due_at, number
   ${LIMIT}`);
