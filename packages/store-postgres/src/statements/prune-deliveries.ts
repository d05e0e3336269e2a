// Erases deliveries that were finished long ago, oldest first.
import { statement } from "./statement.js";

export const pruneDeliveries = statement<[finishedBefore: number, limit: number], [count: number]>(
  "prune_deliveries",
  `
  with old as materialized (
         select number
           from meanwhile_deliveries
          where finished_at < $1::bigint
          order by finished_at, number
          limit $2::bigint
            for update skip locked),
       bodies as (
         delete from meanwhile_delivery_bodies
          where delivery in (select number from old)),
       gone as (
         delete from meanwhile_deliveries
          where number in (select number from old)
         returning 1)
  select count(*)
    from gone`,
);
