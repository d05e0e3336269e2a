// The first and the last place of a turn queue; both null where nobody is in it.
import { statement } from "./statement.js";

export const findTurns = statement<
  [owner: string, concurrencyKey: string],
  [first: number | null, last: number | null]
>(`
  select (select turn
            from meanwhile_jobs indexed by meanwhile_jobs_turn
           where owner = queue.owner
             and concurrency_key = queue.concurrency_key
             and turn is not null
           order by turn
           limit 1) as first,
         (select turn
            from meanwhile_jobs indexed by meanwhile_jobs_turn
           where owner = queue.owner
             and concurrency_key = queue.concurrency_key
             and turn is not null
           order by turn desc
           limit 1) as last
    from (select ? as owner, ? as concurrency_key) as queue`);
