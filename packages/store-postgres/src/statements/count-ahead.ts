// How many ready jobs of its type a ready job has before it; no row where it is not ready.
import { statement } from "./statement.js";

export const countAhead = statement<[id: string, limit: number], [count: number]>(
  "count_ahead",
  `
  select (select count(*)
            from (select 1
                    from meanwhile_jobs
                   where type = ready.type
                     and readiness = 'ready'
                     and priority > ready.priority
                   limit $2::bigint) as higher)
       + (select count(*)
            from (select 1
                    from meanwhile_jobs
                   where type = ready.type
                     and readiness = 'ready'
                     and priority = ready.priority
                     and (place, number) < (ready.place, ready.number)
                   limit $2::bigint) as earlier)
    from (select number, type, priority, place
            from meanwhile_jobs
           where number = (select number
                             from meanwhile_submissions
                            where id = $1)
             and readiness = 'ready'
          offset 0) as ready`,
);
