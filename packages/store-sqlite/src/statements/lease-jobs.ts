// Leases the jobs that a claim has found under the same write lock.
import { statement } from "./statement.js";

/** The numbers are a JSON array: one statement, however many jobs. */
export type LeaseJobs = [
  leaseToken: string,
  workerId: string,
  leaseExpiresAt: number,
  startedAt: number,
  updatedAt: number,
  numbers: string,
];

export const leaseJobs = statement<LeaseJobs>(`
  update meanwhile_jobs
     set status = case status when 'ROLLBACK_REQUIRED' then 'ROLLBACK_PROCESSING' else 'PROCESSING' end,
         readiness = null,
         attempt = attempt + 1,
         last_seq = last_seq + 1, -- of job.started
         lease_token = ?,
         lease_worker_id = ?,
         lease_expires_at = ?,
         started_at = coalesce(started_at, ?),
         updated_at = ?
   where number in (select value from json_each(?))
     and readiness = 'ready' -- what is leased already is never leased again`);
