// Finished jobs whose time is over, longest due first.
import { now, statement } from "./statement.js";

export const findPurgeableJobs = statement<[now: number | null, limit: number], [id: string]>(
  "find_purgeable_jobs",
  `
  select submissions.id
    from meanwhile_jobs as jobs
    join meanwhile_submissions as submissions on submissions.number = jobs.number
   where jobs.purge_at <= ${now("$1")}
   order by jobs.purge_at, jobs.number
   limit $2::bigint`,
);
