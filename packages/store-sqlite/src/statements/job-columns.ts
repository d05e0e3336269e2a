// The columns of a whole job, for every statement that reads one.
import type { SqlValue } from "../driver/driver.js";

export const JOB_COLUMNS = `number, id, owner, type, status, readiness, priority, run_at, attempt, max_attempts, last_seq,
       lease_token, lease_worker_id, lease_expires_at, started_at, created_at, updated_at, completed_at, purge_at,
       start_by, complete_by, timeout_ms, retention_ms, cancel_requested_by, callback_id, concurrency_key, rerun_of,
       traceparent, tracestate, request_id, tags, undo_steps, progress, error, parameters_format, result_format,
       parameters, result`;

export interface JobRow {
  readonly number: number;
  readonly id: string;
  readonly owner: string;
  readonly type: string;
  readonly status: string;
  readonly readiness: string | null;
  readonly priority: number;
  readonly run_at: number;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly last_seq: number;
  readonly lease_token: string | null;
  readonly lease_worker_id: string | null;
  readonly lease_expires_at: number | null;
  readonly started_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly completed_at: number | null;
  readonly purge_at: number | null;
  readonly start_by: number | null;
  readonly complete_by: number | null;
  readonly timeout_ms: number | null;
  readonly retention_ms: number;
  readonly cancel_requested_by: string | null;
  readonly callback_id: string | null;
  readonly concurrency_key: string | null;
  readonly rerun_of: string | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly request_id: string | null;
  readonly tags: string | null;
  readonly undo_steps: string | null;
  readonly progress: string | null;
  readonly error: string | null;
  readonly parameters_format: string | null;
  readonly result_format: string | null;
  readonly parameters: SqlValue;
  readonly result: SqlValue;
}
