// Jobs that have never started and should have, longest overdue first.
import { JOB_COLUMNS, type JobRow } from "./job-columns.js";
import { LIMIT, statement } from "./statement.js";

export const findOverdueStarts = statement<[now: number, limit: number], JobRow>(`
  select ${JOB_COLUMNS}
    from meanwhile_jobs indexed by meanwhile_jobs_start_by
   where start_by <= ?
     and started_at is null
     and status = 'PENDING'
   order by start_by, number
   ${LIMIT}`);
