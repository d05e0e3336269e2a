// Makes deliveries due now, with a whole schedule of attempts.
import { statement } from "./statement.js";

export const requeueDeliveries = statement<
  [numbers: readonly number[], targets: readonly string[], lanes: readonly string[], now: number]
>(
  "requeue_deliveries",
  `
  update meanwhile_deliveries as deliveries
     set status = case deliveries.attempt_count when 0 then 'PENDING' else 'RETRY_PENDING' end,
         round_attempts = 0,
         due_at = $4::bigint,
         next_attempt_at = $4::bigint,
         finished_at = null,
         lease_token = null,
         target = batch.target,
         lane = batch.lane
    from unnest($1::bigint[], $2::text[], $3::text[]) as batch (number, target, lane)
   where deliveries.number = batch.number`,
);
