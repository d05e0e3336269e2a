// Applies changes to rows that the transaction has locked and judged.
import { batchOf, type Columns } from "../columns.js";
import { statement } from "./statement.js";

/** One row of the batch. `null` leaves a column as it is; `readiness`, the lease and the turn say so themselves. */
export type UpdateJobs = [
  number: number,
  status: string,
  setsReadiness: boolean,
  readiness: string | null,
  keepsPlace: boolean,
  attempt: number | null,
  runAt: number | null,
  releasesLease: boolean,
  endsTurn: boolean,
  cancelRequestedBy: string | null,
  progress: string | null,
  resultFormat: string | null,
  result: string | null,
  resultBytes: Uint8Array | null,
  error: string | null,
  completedAt: number | null,
  purgeAt: number | null,
  undoSteps: string | null,
  lastSeq: number,
  updatedAt: number,
];

const COLUMNS: Columns = [
  ["number", "bigint"],
  ["status", "text"],
  ["sets_readiness", "boolean"],
  ["readiness", "text"],
  ["keeps_place", "boolean"],
  ["attempt", "integer"],
  ["run_at", "bigint"],
  ["releases_lease", "boolean"],
  ["ends_turn", "boolean"],
  ["cancel_requested_by", "text"],
  ["progress", "text"],
  ["result_format", "text"],
  ["result", "text"],
  ["result_bytes", "bytea"],
  ["error", "text"],
  ["completed_at", "bigint"],
  ["purge_at", "bigint"],
  ["undo_steps", "text"],
  ["last_seq", "integer"],
  ["updated_at", "bigint"],
];

/** Of its parameters: see `packedColumns`. */
export const UPDATED_TYPES = COLUMNS.map(([, type]) => type);

export const updateJobs = statement<readonly unknown[]>(
  "update_jobs",
  `
  update meanwhile_jobs as jobs
     set status = batch.status,
         readiness = case when batch.sets_readiness then batch.readiness else jobs.readiness end,
         place = case when batch.keeps_place then jobs.place end,
         attempt = coalesce(batch.attempt, jobs.attempt),
         run_at = coalesce(batch.run_at, jobs.run_at),
         lease_token = case when not batch.releases_lease then jobs.lease_token end,
         lease_worker_id = case when not batch.releases_lease then jobs.lease_worker_id end,
         lease_expires_at = case when not batch.releases_lease then jobs.lease_expires_at end,
         turn = case when not batch.ends_turn then jobs.turn end,
         cancel_requested_by = coalesce(batch.cancel_requested_by, jobs.cancel_requested_by),
         progress = coalesce(batch.progress, jobs.progress),
         result_format = coalesce(batch.result_format, jobs.result_format),
         result = coalesce(batch.result, jobs.result),
         result_bytes = coalesce(batch.result_bytes, jobs.result_bytes),
         error = coalesce(batch.error, jobs.error),
         completed_at = coalesce(batch.completed_at, jobs.completed_at),
         purge_at = coalesce(batch.purge_at, jobs.purge_at),
         undo_steps = coalesce(batch.undo_steps, jobs.undo_steps),
         last_seq = batch.last_seq,
         updated_at = batch.updated_at
    from ${batchOf(COLUMNS)} as batch
   where jobs.number = batch.number`,
);
