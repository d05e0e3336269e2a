// Finished jobs whose time is over, longest due first.
import { now, statement } from "./statement.js";

export const findPurgeableJobs = statement<[now: number | null, limit: number], [id: string]>(
  "find_purgeable_jobs",
  `
  select id
    from meanwhile_jobs
   where purge_at <= ${now("$1")}
   order by purge_at, number
   limit $2::bigint`,
);
