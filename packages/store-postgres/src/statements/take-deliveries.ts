// Leases what is due in these lanes, so many of each; the end of the lease is when they are due again.
import { statement } from "./statement.js";

export type TakeDeliveries = [
  lanes: readonly string[],
  counts: readonly number[],
  now: number,
  leaseToken: string,
  leaseExpiresAt: number,
];

export const takeDeliveries = statement<TakeDeliveries, [number: number, lane: string, dueAt: number]>(
  "take_deliveries",
  `
  with due as materialized (
         select picked.number, picked.due_at
           from unnest($1::text[], $2::bigint[]) with ordinality as wanted (lane, capacity, place)
           cross join lateral (select number, due_at
                                 from meanwhile_deliveries
                                where lane = wanted.lane
                                  and due_at <= $3::bigint
                                order by due_at, number
                                limit wanted.capacity
                                  for no key update skip locked) as picked)
  update meanwhile_deliveries as deliveries
     set lease_token = $4,
         due_at = $5::bigint,
         target = coalesce((select endpoints.url -- it may have moved since
                              from meanwhile_webhook_endpoints as endpoints
                             where endpoints.id = deliveries.endpoint_id), deliveries.target)
    from due
   where deliveries.number = due.number
  returning deliveries.number, deliveries.lane, due.due_at`,
);
