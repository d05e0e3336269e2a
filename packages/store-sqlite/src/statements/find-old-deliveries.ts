// Deliveries that have been finished for long enough, oldest first.
import { LIMIT, statement } from "./statement.js";

export const findOldDeliveries = statement<[finishedBefore: number, limit: number], [number: number]>(`
  select number
    from meanwhile_deliveries indexed by meanwhile_deliveries_finished
   where finished_at < ?
   order by finished_at, number
   ${LIMIT}`);
