// Says when something is due in lanes that are locked, and forgets those in which nothing will be.
import { statement } from "./statement.js";

export const refreshLanes = statement<[lanes: readonly string[]]>(
  "refresh_lanes",
  `
  with dues as materialized (
         select batch.lane, due.channel, due.owner, due.due_at
           from unnest($1::text[]) as batch (lane)
           left join lateral (select channel, owner, due_at
                                from meanwhile_deliveries
                               where lane = batch.lane
                                 and due_at is not null
                               order by due_at, number
                               limit 1) as due on true),
       gone as (
         delete from meanwhile_delivery_lanes
          where lane in (select lane from dues where due_at is null))
  insert into meanwhile_delivery_lanes (lane, channel, owner, next_due_at)
  select lane, channel, owner, due_at
    from dues
   where due_at is not null
   order by lane
      on conflict (lane) do update
     set next_due_at = excluded.next_due_at`,
);
