// How many jobs of each type wait, ready or not.
import { statement } from "./statement.js";

export const countWaiting = statement<
  [types: readonly string[], limit: number],
  [type: string, ready: number, held: number]
>(
  "count_waiting",
  `
  select wanted.type,
         (select count(*)
            from (select 1
                    from meanwhile_jobs
                   where type = wanted.type
                     and readiness = 'ready'
                   limit $2::bigint) as ready),
         (select count(*)
            from (select 1
                    from meanwhile_jobs
                   where type = wanted.type
                     and readiness in ('delayed', 'blocked')
                   limit $2::bigint) as held)
    from unnest($1::text[]) as wanted (type)`,
);
