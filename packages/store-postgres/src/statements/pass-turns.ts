// Makes the heads of these queues ready, where they were waiting for their turn.
import { statement } from "./statement.js";

export type PassTurns = [owners: readonly string[], keys: readonly string[]];

export const passTurns = statement<PassTurns, [owner: string, key: string, type: string, number: number]>(
  "pass_turns",
  `
  with heads as materialized (
         select head.number
           from unnest($1::text[], $2::text[]) as batch (owner, key)
           cross join lateral (select number
                                 from meanwhile_jobs
                                where owner = batch.owner
                                  and concurrency_key = batch.key
                                  and turn is not null
                                order by turn
                                limit 1) as head)
  update meanwhile_jobs as jobs
     set readiness = 'ready',
         place = null -- drawn when all else is done
    from heads
   where jobs.number = heads.number
     and jobs.readiness = 'blocked' -- a head that is delayed, leased or ready already stays as it is
  returning jobs.owner, jobs.concurrency_key, jobs.type, jobs.number`,
);
