// The whole event log after a position, each event with what its job's row says about it.
import type { SqlValue } from "../driver/driver.js";
import type { EventRow } from "./read-job-events.js";
import { LIMIT, statement } from "./statement.js";

export type LogRow = [
  ...event: EventRow,
  position: number,
  owner: string,
  jobType: string,
  priority: number,
  createdAt: number,
  rerunOf: string | null,
  error: string | null,
  resultFormat: string | null,
  result: SqlValue,
];

export const readLog = statement<[after: number, limit: number], LogRow>(`
  select jobs.id, events.seq, events.type, events.status, events.at, events.attempt, events.data_format, events.data,
         events.position, jobs.owner, jobs.type, jobs.priority, jobs.created_at, jobs.rerun_of,
         -- only for the event that ends the job: a row's payloads may be large
         case when events.data is null and events.type <> 'job.submitted' then jobs.error end,
         jobs.result_format,
         case when events.data is null and events.type <> 'job.submitted' then jobs.result end
    from meanwhile_events as events
    cross join meanwhile_jobs as jobs -- cross: along the log, never along the jobs
   where events.position > ?
     and jobs.number = events.job
   order by events.position
   ${LIMIT}`);
