// Makes the first of these lines due, where the one before it is finished.
import { statement } from "./statement.js";

export const promoteDeliveries = statement<[lines: readonly string[], nows: readonly number[]], [lane: string]>(
  "promote_deliveries",
  `
  with firsts as materialized (
         select first.number, batch.now
           from unnest($1::text[], $2::bigint[]) as batch (line, now)
           cross join lateral (select number
                                 from meanwhile_deliveries
                                where line = batch.line
                                  and place is not null
                                order by seq
                                limit 1) as first)
  update meanwhile_deliveries as deliveries
     set place = 1,
         due_at = firsts.now,
         next_attempt_at = firsts.now
    from firsts
   where deliveries.number = firsts.number
     and deliveries.place = 0 -- the head is still there
  returning deliveries.lane`,
);
