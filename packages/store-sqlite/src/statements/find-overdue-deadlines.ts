// Waiting jobs whose deadline to complete has come, longest overdue first.
import { JOB_COLUMNS, type JobRow } from "./job-columns.js";
import { LIMIT, statement } from "./statement.js";

export const findOverdueDeadlines = statement<[now: number, limit: number], JobRow>(`
  select ${JOB_COLUMNS}
    from meanwhile_jobs indexed by meanwhile_jobs_complete_by
   where complete_by <= ?
     and status = 'PENDING'
   order by complete_by, number
   ${LIMIT}`);
