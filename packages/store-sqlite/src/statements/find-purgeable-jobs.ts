// Terminal jobs whose retention is over, longest first.
import { LIMIT, statement } from "./statement.js";

export const findPurgeableJobs = statement<[now: number, limit: number], [id: string]>(`
  select id
    from meanwhile_jobs indexed by meanwhile_jobs_purge_at
   where purge_at <= ?
   order by purge_at, number
   ${LIMIT}`);
