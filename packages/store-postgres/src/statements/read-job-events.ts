// Events of one job behind a seq.
import { statement } from "./statement.js";

export type EventRow = [
  jobId: string,
  seq: number,
  type: string,
  status: string,
  at: number,
  attempt: number,
  dataFormat: string | null,
  data: string | null,
  dataBytes: Uint8Array | null,
];

export const readJobEvents = statement<[jobId: string, after: number, limit: number], EventRow>(
  "read_job_events",
  `
  select jobs.id, events.seq, events.type, events.status, events.at, events.attempt, events.data_format, events.data,
         events.data_bytes
    from (select id, number
            from meanwhile_submissions
           where id = $1
          offset 0) as jobs
    cross join lateral (select seq, type, status, at, attempt, data_format, data, data_bytes
                          from meanwhile_events
                         where job = jobs.number
                           and seq > $2::integer
                         order by seq
                         limit $3::bigint) as events
   order by events.seq`,
);
