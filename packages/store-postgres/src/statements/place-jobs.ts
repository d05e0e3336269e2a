// Puts those of these jobs into their places that are ready and have none, in the order of the list.
import { beginningOf } from "./place-base.js";
import { statement } from "./statement.js";

export const placeJobs = statement<[numbers: readonly number[]]>(
  "place_jobs",
  `
  with unplaced as materialized (
         select batch.at, jobs.number, jobs.type, jobs.priority, jobs.owner
           from unnest($1::bigint[]) with ordinality as batch (number, at)
           cross join lateral (select number, type, priority, owner
                                 from meanwhile_jobs
                                where number = batch.number
                                  and readiness = 'ready'
                                  and place is null
                               offset 0) as jobs),
       drawn as materialized (
         select unplaced.number,
                begun.base + row_number() over (partition by unplaced.type, unplaced.priority, unplaced.owner
                                                    order by unplaced.at) as place
           from unplaced${beginningOf("unplaced")})
  update meanwhile_jobs as jobs
     set place = drawn.place
    from drawn
   where jobs.number = drawn.number`,
);
