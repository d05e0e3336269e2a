// Delayed jobs whose instant has come, in the order in which they become ready.
import { LIMIT, statement } from "./statement.js";

export type DelayedJobRow = [
  number: number,
  owner: string,
  type: string,
  priority: number,
  concurrencyKey: string | null,
  turn: number | null,
];

export const findDelayedJobs = statement<[now: number, limit: number], DelayedJobRow>(`
  select number, owner, type, priority, concurrency_key, turn
    from meanwhile_jobs indexed by meanwhile_jobs_delayed
   where readiness = 'delayed'
     and run_at <= ?
   order by run_at, number
   ${LIMIT}`);
