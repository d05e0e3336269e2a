// Leases the first ready jobs of a type.
import type { SqlValue } from "../driver/driver.js";
import { statement } from "./statement.js";

export type ClaimJobs = [
  leaseToken: string,
  workerId: string,
  leaseExpiresAt: number,
  startedAt: number,
  updatedAt: number,
  type: string,
  limit: number,
];

/** A claimed job; in no order. */
export interface ClaimedJobRow {
  readonly number: number;
  readonly id: string;
  readonly owner: string;
  readonly type: string;
  readonly status: string;
  readonly priority: number;
  readonly run_at: number;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly last_seq: number;
  readonly started_at: number;
  readonly created_at: number;
  readonly start_by: number | null;
  readonly complete_by: number | null;
  readonly timeout_ms: number | null;
  readonly retention_ms: number;
  readonly cancel_requested_by: string | null;
  readonly callback_id: string | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly request_id: string | null;
  readonly tags: string | null;
  readonly undo_steps: string | null;
  readonly progress: string | null;
  readonly error: string | null;
  readonly parameters_format: string | null;
  readonly parameters: SqlValue;
}

export const claimJobs = statement<ClaimJobs, ClaimedJobRow>(`
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
   where number in (select number
                      from meanwhile_jobs indexed by meanwhile_jobs_waiting -- one range of it, read from its beginning
                     where type = ?
                       and readiness = 'ready'
                     order by priority desc, run_at, number
                     limit ?)
  returning number, id, owner, type, status, priority, run_at, attempt, max_attempts, last_seq, started_at, created_at,
            start_by, complete_by, timeout_ms, retention_ms, cancel_requested_by, callback_id, traceparent, tracestate,
            request_id, tags, undo_steps, progress, error, parameters_format, parameters`);
