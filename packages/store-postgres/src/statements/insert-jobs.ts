// Stores new jobs, numbered in the order of the batch.
import { statement } from "./statement.js";

/** One row of the batch. */
export type InsertJobs = [
  id: string,
  owner: string,
  type: string,
  status: string,
  readiness: string | null,
  priority: number,
  runAt: number,
  attempt: number,
  maxAttempts: number,
  lastSeq: number,
  leaseToken: string | null,
  leaseWorkerId: string | null,
  leaseExpiresAt: number | null,
  startedAt: number | null,
  createdAt: number,
  updatedAt: number,
  completedAt: number | null,
  purgeAt: number | null,
  startBy: number | null,
  completeBy: number | null,
  timeoutMs: number | null,
  retentionMs: number,
  cancelRequestedBy: string | null,
  callbackId: string | null,
  concurrencyKey: string | null,
  turn: number | null,
  idempotencyKey: string | null,
  rerunOf: string | null,
  traceparent: string | null,
  tracestate: string | null,
  requestId: string | null,
  tags: string | null,
  undoSteps: string | null,
  progress: string | null,
  error: string | null,
  parametersFormat: string | null,
  resultFormat: string | null,
  parameters: string | null,
  parametersBytes: Uint8Array | null,
  result: string | null,
  resultBytes: Uint8Array | null,
];

/** A list per column: see `columnsOf`. */
export const insertJobs = statement<[...columns: readonly unknown[][]], [number: number, id: string]>(
  "insert_jobs",
  `
  insert into meanwhile_jobs
         (id, owner, type, status, readiness, priority, run_at, attempt, max_attempts, last_seq, lease_token,
          lease_worker_id, lease_expires_at, started_at, created_at, updated_at, completed_at, purge_at,
          start_by, complete_by, timeout_ms, retention_ms, cancel_requested_by, callback_id, concurrency_key,
          turn, idempotency_key, rerun_of, traceparent, tracestate, request_id, tags, undo_steps, progress,
          error, parameters_format, result_format, parameters, parameters_bytes, result, result_bytes)
  select batch.id, batch.owner, batch.type, batch.status, batch.readiness, batch.priority, batch.run_at,
          batch.attempt, batch.max_attempts, batch.last_seq, batch.lease_token, batch.lease_worker_id,
          batch.lease_expires_at, batch.started_at, batch.created_at, batch.updated_at, batch.completed_at,
          batch.purge_at, batch.start_by, batch.complete_by, batch.timeout_ms, batch.retention_ms,
          batch.cancel_requested_by, batch.callback_id, batch.concurrency_key, batch.turn,
          batch.idempotency_key, batch.rerun_of, batch.traceparent, batch.tracestate, batch.request_id,
          batch.tags, batch.undo_steps, batch.progress, batch.error, batch.parameters_format,
          batch.result_format, batch.parameters, batch.parameters_bytes, batch.result, batch.result_bytes
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::bigint[],
                $8::integer[], $9::integer[], $10::integer[], $11::text[], $12::text[], $13::bigint[],
                $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[],
                $20::bigint[], $21::bigint[], $22::bigint[], $23::text[], $24::text[], $25::text[],
                $26::bigint[], $27::text[], $28::text[], $29::text[], $30::text[], $31::text[], $32::text[],
                $33::text[], $34::text[], $35::text[], $36::text[], $37::text[], $38::text[], $39::bytea[],
                $40::text[], $41::bytea[])
         with ordinality as batch (id, owner, type, status, readiness, priority, run_at, attempt, max_attempts, last_seq,
           lease_token, lease_worker_id, lease_expires_at, started_at, created_at, updated_at,
           completed_at, purge_at, start_by, complete_by, timeout_ms, retention_ms,
           cancel_requested_by, callback_id, concurrency_key, turn, idempotency_key, rerun_of,
           traceparent, tracestate, request_id, tags, undo_steps, progress, error, parameters_format,
           result_format, parameters, parameters_bytes, result, result_bytes, place)
   order by batch.place
  returning number, id`,
);
