// Ends leases as if they had never been.
import { statement } from "./statement.js";

/** The ids must be sorted. */
export const handBackDeliveries = statement<[ids: readonly string[], leaseTokens: readonly string[]], [lane: string]>(
  "hand_back_deliveries",
  `
  with held as materialized (
         select deliveries.number
           from unnest($1::text[], $2::text[]) as batch (id, lease_token)
           cross join lateral (select number
                                 from meanwhile_deliveries
                                where id = batch.id
                                  and lease_token = batch.lease_token
                               offset 0
                                  for no key update) as deliveries)
  update meanwhile_deliveries as deliveries
     set lease_token = null,
         due_at = deliveries.next_attempt_at
    from held
   where deliveries.number = held.number
  returning deliveries.lane`,
);
