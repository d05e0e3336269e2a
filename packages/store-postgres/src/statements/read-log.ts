// The whole log behind a position, below the commit horizon (invariant I3).
import type { EventRow } from "./read-job-events.js";
import { statement } from "./statement.js";

export type LogRow = [
  ...event: EventRow,
  generation: number,
  tx: number,
  number: number,
  owner: string,
  jobType: string,
  priority: number,
  createdAt: number,
  rerunOf: string | null,
  error: string | null,
  resultFormat: string | null,
  result: string | null,
  resultBytes: Uint8Array | null,
];

const ENDING = "events.data is null and events.data_bytes is null and events.type <> 'job.submitted'";

export const readLog = statement<[generation: number, tx: number, number: number, limit: number], LogRow>(
  "read_log",
  `
  select submissions.id, events.seq, events.type, events.status, events.at, events.attempt, events.data_format, events.data,
         events.data_bytes, events.generation, events.tx, events.number, submissions.owner, jobs.type, jobs.priority,
         submissions.created_at, submissions.rerun_of,
         -- only for the event that ends the job: a row's payloads may be large
         case when ${ENDING} then jobs.error end,
         jobs.result_format,
         case when ${ENDING} then jobs.result end,
         case when ${ENDING} then jobs.result_bytes end
    from (select job, seq, type, status, at, attempt, data_format, data, data_bytes, generation, tx, number
            from meanwhile_events
           where (generation, tx, number) > ($1::integer, $2::bigint, $3::bigint)
             -- Older generations are history as a whole; of this one, what transactions that still run may overtake is left out.
             and (generation, tx) < ((select max(generation) from meanwhile_generations),
                                     (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint))
           order by generation, tx, number
           limit $4::bigint) as events
    cross join lateral (select id, owner, created_at, rerun_of
                          from meanwhile_submissions
                         where number = events.job
                        offset 0) as submissions
    cross join lateral (select type, priority, error, result_format, result, result_bytes
                          from meanwhile_jobs
                         where number = events.job
                        offset 0) as jobs
   order by events.generation, events.tx, events.number`,
);
