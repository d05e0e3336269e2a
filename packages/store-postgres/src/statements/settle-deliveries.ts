// Writes what became of sendings.
import { statement } from "./statement.js";

/** One row of the batch. */
export type SettleDeliveries = [
  number: number,
  status: string,
  attemptCount: number,
  roundAttempts: number,
  attempts: string | null,
  nextAttemptAt: number | null,
  finishedAt: number | null,
];

/** A list per column: see `columnsOf`. */
export const settleDeliveries = statement<[...columns: readonly unknown[][]]>(
  "settle_deliveries",
  `
  update meanwhile_deliveries as deliveries
     set status = batch.status,
         attempt_count = batch.attempt_count,
         round_attempts = batch.round_attempts,
         attempts = batch.attempts,
         next_attempt_at = batch.next_attempt_at,
         due_at = batch.next_attempt_at,
         finished_at = batch.finished_at,
         place = case when batch.finished_at is null then deliveries.place end,
         lease_token = null
    from unnest($1::bigint[], $2::text[], $3::integer[], $4::integer[], $5::text[], $6::bigint[], $7::bigint[])
         as batch (number, status, attempt_count, round_attempts, attempts, next_attempt_at, finished_at)
   where deliveries.number = batch.number`,
);
