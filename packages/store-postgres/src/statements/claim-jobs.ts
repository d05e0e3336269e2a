// Leases ready jobs: one walk of the waiting index per type, past what others are about to take.
import { now, statement } from "./statement.js";

export type ClaimJobs = [
  types: readonly string[],
  limits: readonly number[],
  leaseToken: string,
  workerId: string,
  leaseMs: number,
  now: number | null,
];

export type ClaimedJobRow = [
  /** Of the type in the list that was asked for, from 1. */
  place: number,
  number: number,
  id: string,
  owner: string,
  type: string,
  status: string,
  priority: number,
  runAt: number,
  attempt: number,
  maxAttempts: number,
  lastSeq: number,
  leaseExpiresAt: number,
  startedAt: number,
  createdAt: number,
  updatedAt: number,
  startBy: number | null,
  completeBy: number | null,
  timeoutMs: number | null,
  retentionMs: number,
  cancelRequestedBy: string | null,
  callbackId: string | null,
  traceparent: string | null,
  tracestate: string | null,
  requestId: string | null,
  tags: string | null,
  undoSteps: string | null,
  progress: string | null,
  error: string | null,
  parametersFormat: string | null,
  parameters: string | null,
  parametersBytes: Uint8Array | null,
];

export const claimJobs = statement<ClaimJobs, ClaimedJobRow>(
  "claim_jobs",
  `
  with moment as materialized (select ${now("$6")} as now),
       picked as materialized (
         select wanted.place, ready.number
           from unnest($1::text[], $2::bigint[]) with ordinality as wanted (type, capacity, place)
           cross join lateral (select number
                                 from meanwhile_jobs
                                where type = wanted.type
                                  and readiness = 'ready'
                                order by priority desc, run_at, number
                                limit wanted.capacity
                                  for no key update skip locked) as ready)
  update meanwhile_jobs as jobs
     set status = case jobs.status when 'ROLLBACK_REQUIRED' then 'ROLLBACK_PROCESSING' else 'PROCESSING' end,
         readiness = null,
         attempt = jobs.attempt + 1,
         last_seq = jobs.last_seq + 1, -- of job.started
         lease_token = $3,
         lease_worker_id = $4,
         lease_expires_at = moment.now + $5::bigint,
         started_at = coalesce(jobs.started_at, moment.now),
         updated_at = moment.now
    from picked, moment
   where jobs.number = picked.number
  returning picked.place, jobs.number, jobs.id, jobs.owner, jobs.type, jobs.status, jobs.priority, jobs.run_at, jobs.attempt,
            jobs.max_attempts, jobs.last_seq, jobs.lease_expires_at, jobs.started_at, jobs.created_at, jobs.updated_at,
            jobs.start_by, jobs.complete_by, jobs.timeout_ms, jobs.retention_ms, jobs.cancel_requested_by,
            jobs.callback_id, jobs.traceparent, jobs.tracestate, jobs.request_id, jobs.tags, jobs.undo_steps,
            jobs.progress, jobs.error, jobs.parameters_format, jobs.parameters, jobs.parameters_bytes`,
);
