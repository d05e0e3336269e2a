// Delayed jobs whose time has come, longest due first.
import { now, statement } from "./statement.js";

export type DelayedJobRow = [
  number: number,
  owner: string,
  type: string,
  concurrencyKey: string | null,
  turn: number | null,
];

export const findDelayedJobs = statement<[now: number | null, limit: number], DelayedJobRow>(
  "find_delayed_jobs",
  `
  select number, owner, type, concurrency_key, turn
    from meanwhile_jobs
   where readiness = 'delayed'
     and run_at <= ${now("$1")}
   order by run_at, number
   limit $2::bigint`,
);
