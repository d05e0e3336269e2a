// When the next delayed job is due.
import { statement } from "./statement.js";

export const findNextRunAt = statement<[], [runAt: number]>(`
  select run_at
    from meanwhile_jobs indexed by meanwhile_jobs_delayed
   where readiness = 'delayed'
   order by run_at
   limit 1`);
