// Leases ready jobs, with the event of each: one walk of the waiting index per type, past what others are about to take.
import { now, statement } from "./statement.js";

export type ClaimJobs = [
  types: readonly string[],
  limits: readonly number[],
  leaseToken: string,
  workerId: string,
  leaseMs: number,
  now: number | null,
  /** As JSON. */
  workerName: string,
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
  /** Its place. */
  stood: number,
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
                                order by priority desc, place, number
                                limit wanted.capacity
                                  for no key update skip locked) as ready),
       claimed as (
         update meanwhile_jobs as jobs
            set status = case jobs.status when 'ROLLBACK_REQUIRED' then 'ROLLBACK_PROCESSING' else 'PROCESSING' end,
                readiness = null,
                attempt = jobs.attempt + 1,
                last_seq = jobs.last_seq + 1, -- of the event below
                lease_token = $3,
                lease_worker_id = $4,
                lease_expires_at = moment.now + $5::bigint,
                started_at = coalesce(jobs.started_at, moment.now),
                updated_at = moment.now
           from picked, moment
          where jobs.number = picked.number
         returning picked.place, jobs.number, jobs.owner, jobs.type, jobs.status, jobs.priority, jobs.run_at, jobs.attempt,
                   jobs.last_seq, jobs.lease_expires_at, jobs.started_at, jobs.updated_at, jobs.start_by, jobs.complete_by,
                   jobs.cancel_requested_by, jobs.undo_steps, jobs.progress, jobs.error, jobs.place as stood),
       events as (
         insert into meanwhile_events (job, seq, type, status, at, attempt, data, generation, tx)
         select number, last_seq,
                case status when 'PROCESSING' then 'job.started' else 'job.rollback_started' end,
                status, updated_at, attempt,
                -- The text that core would write: see startedData, and the port on claims.
                case status
                  when 'PROCESSING' then '{"attempt":' || attempt || ',"workerId":' || $7 || '}'
                  else '{"error":' || coalesce(error, 'null') || ',"steps":' || coalesce(undo_steps, '[]') || '}'
                end,
                (select max(generation) from meanwhile_generations), (select pg_current_xact_id()::text::bigint)
           from claimed),
       raised as (
         update meanwhile_queues as queues
            set reached = front.stood
           from (select type, priority, max(stood) as stood
                   from claimed
                  group by type, priority) as front
           cross join lateral (select type, priority
                                 from meanwhile_queues
                                where type = front.type
                                  and priority = front.priority
                                  and reached < front.stood -- what was handed back is claimed again behind it
                                offset 0
                                  for no key update skip locked) as free
          where queues.type = free.type
            and queues.priority = free.priority)
  select claimed.place, claimed.number, submissions.id, claimed.owner, claimed.type, claimed.status, claimed.priority,
         claimed.run_at, claimed.attempt, submissions.max_attempts, claimed.last_seq, claimed.lease_expires_at,
         claimed.started_at, submissions.created_at, claimed.updated_at, claimed.start_by, claimed.complete_by,
         submissions.timeout_ms, submissions.retention_ms, claimed.cancel_requested_by, submissions.callback_id,
         submissions.traceparent, submissions.tracestate, submissions.request_id, submissions.tags, claimed.undo_steps,
         claimed.progress, claimed.error, submissions.parameters_format, submissions.parameters,
         submissions.parameters_bytes, claimed.stood
    from claimed
    cross join lateral (select id, max_attempts, created_at, timeout_ms, retention_ms, callback_id, traceparent, tracestate,
                               request_id, tags, parameters_format, parameters, parameters_bytes
                          from meanwhile_submissions
                         where number = claimed.number
                        offset 0) as submissions`,
);
