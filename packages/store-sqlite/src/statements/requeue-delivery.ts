// Makes a delivery due now, with a whole schedule of attempts.
import { statement } from "./statement.js";

export type RequeueDelivery = [now: number, now: number, target: string, lane: string, number: number];

export const requeueDelivery = statement<RequeueDelivery>(`
  update meanwhile_deliveries
     set status = case attempt_count when 0 then 'PENDING' else 'RETRY_PENDING' end,
         round_attempts = 0,
         due_at = ?,
         next_attempt_at = ?,
         finished_at = null,
         lease_token = null,
         target = ?,
         lane = ?
   where number = ?`);
