// Jobs whose lease has run out.
import { JOB_COLUMNS, type JobRow } from "./job-columns.js";
import { now, statement } from "./statement.js";

export const findExpiredLeases = statement<[now: number | null, limit: number], JobRow>(
  "find_expired_leases",
  `
  select ${JOB_COLUMNS}
    from meanwhile_jobs as jobs
    join meanwhile_submissions as submissions on submissions.number = jobs.number
   where jobs.lease_expires_at <= ${now("$1")}
   order by jobs.lease_expires_at, jobs.number
   limit $2::bigint`,
);
