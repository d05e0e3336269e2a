// Stores a new job.
import type { SqlValue } from "../driver/driver.js";
import { statement } from "./statement.js";

export type InsertJob = [
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
  place: number | null,
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
  parameters: SqlValue,
  result: SqlValue,
];

export const insertJob = statement<InsertJob>(`
  insert into meanwhile_jobs
         (id, owner, type, status, readiness, priority, run_at, attempt, max_attempts, last_seq,
          lease_token, lease_worker_id, lease_expires_at, started_at, created_at, updated_at, completed_at, purge_at,
          start_by, complete_by, timeout_ms, retention_ms, cancel_requested_by, callback_id, concurrency_key, turn,
          place, idempotency_key, rerun_of, traceparent, tracestate, request_id, tags, undo_steps, progress, error,
          parameters_format, result_format, parameters, result)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
          ?, ?, ?, ?, ?, ?, ?, ?,
          ?, ?, ?, ?, ?, ?, ?, ?,
          ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
          ?, ?, ?, ?)`);
