// When the next delayed job is due, and what time it is.
import { now, statement } from "./statement.js";

export const findNextRunAt = statement<[now: number | null], [runAt: number | null, now: number]>(
  "find_next_run_at",
  `
  select (select run_at
            from meanwhile_jobs
           where readiness = 'delayed'
           order by run_at, number
           limit 1),
         ${now("$1")}`,
);
