// Writes what became of a sending; whose lease it is was read under the same write lock.
import { statement } from "./statement.js";

export type SettleDelivery = [
  status: string,
  attemptCount: number,
  roundAttempts: number,
  attempts: string | null,
  nextAttemptAt: number | null,
  dueAt: number | null,
  finishedAt: number | null,
  keepsPlace: 0 | 1,
  number: number,
];

export const settleDelivery = statement<SettleDelivery>(`
  update meanwhile_deliveries
     set status = ?,
         attempt_count = ?,
         round_attempts = ?,
         attempts = ?,
         next_attempt_at = ?,
         due_at = ?,
         finished_at = ?,
         place = case ? when 1 then place end,
         lease_token = null
   where number = ?`);
