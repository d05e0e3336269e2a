// Stops a delivery whose endpoint is disabled or gone.
import { statement } from "./statement.js";

export const stopDelivery = statement<[now: number, number: number]>(`
  update meanwhile_deliveries
     set status = 'STOPPED',
         place = null,
         due_at = null,
         next_attempt_at = null,
         finished_at = ?
   where number = ?`);
