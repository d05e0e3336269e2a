// Leased jobs whose lease has run out, longest overdue first.
import { JOB_COLUMNS, type JobRow } from "./job-columns.js";
import { LIMIT, statement } from "./statement.js";

export const findExpiredLeases = statement<[now: number, limit: number], JobRow>(`
  select ${JOB_COLUMNS}
    from meanwhile_jobs indexed by meanwhile_jobs_leased
   where lease_expires_at <= ?
   order by lease_expires_at, number
   ${LIMIT}`);
