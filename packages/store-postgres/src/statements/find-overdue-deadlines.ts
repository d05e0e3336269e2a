// Waiting jobs whose deadline has come.
import { JOB_COLUMNS, type JobRow } from "./job-columns.js";
import { now, statement } from "./statement.js";

export const findOverdueDeadlines = statement<[now: number | null, limit: number], JobRow>(
  "find_overdue_deadlines",
  `
  select ${JOB_COLUMNS}
    from meanwhile_jobs as jobs
    join meanwhile_submissions as submissions on submissions.number = jobs.number
   where jobs.complete_by <= ${now("$1")}
     and jobs.status = 'PENDING'
   order by jobs.complete_by, jobs.number
   limit $2::bigint`,
);
