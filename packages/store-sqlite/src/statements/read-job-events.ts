// The events of one job after a seq.
import type { SqlValue } from "../driver/driver.js";
import { LIMIT, statement } from "./statement.js";

export type EventRow = [
  jobId: string,
  seq: number,
  type: string,
  status: string,
  at: number,
  attempt: number,
  dataFormat: string | null,
  data: SqlValue,
];

export const readJobEvents = statement<[jobId: string, after: number, limit: number], EventRow>(`
  select jobs.id as job_id, events.seq, events.type, events.status, events.at, events.attempt,
         events.data_format, events.data
    from meanwhile_jobs as jobs
    join meanwhile_events as events indexed by meanwhile_events_of_job
      on events.job = jobs.number
   where jobs.id = ?
     and events.seq > ?
   order by events.seq
   ${LIMIT}`);
