// Jobs that have never started although startBy has come.
import { JOB_COLUMNS, type JobRow } from "./job-columns.js";
import { now, statement } from "./statement.js";

export const findOverdueStarts = statement<[now: number | null, limit: number], JobRow>(
  "find_overdue_starts",
  `
  select ${JOB_COLUMNS}
    from meanwhile_jobs as jobs
    join meanwhile_submissions as submissions on submissions.number = jobs.number
   where jobs.start_by <= ${now("$1")}
     and jobs.started_at is null
     and jobs.status = 'PENDING'
   order by jobs.start_by, jobs.number
   limit $2::bigint`,
);
