// The whole event log after a position.
import type { EventRow } from "./read-job-events.js";
import { LIMIT, statement } from "./statement.js";

export type LogRow = [...event: EventRow, position: number];

export const readLog = statement<[after: number, limit: number], LogRow>(`
  select jobs.id, events.seq, events.type, events.status, events.at, events.attempt, events.data_format, events.data,
         events.position
    from meanwhile_events as events
    cross join meanwhile_jobs as jobs -- cross: along the log, never along the jobs
   where events.position > ?
     and jobs.number = events.job
   order by events.position
   ${LIMIT}`);
