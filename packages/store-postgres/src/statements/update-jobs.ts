// Applies changes to rows that the transaction has locked and judged.
import { statement } from "./statement.js";

/** One row of the batch. `null` leaves a column as it is; `readiness`, the lease and the turn say so themselves. */
export type UpdateJobs = [
  number: number,
  status: string,
  setsReadiness: boolean,
  readiness: string | null,
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

/** A list per column: see `columnsOf`. */
export const updateJobs = statement<[...columns: readonly unknown[][]]>(
  "update_jobs",
  `
  update meanwhile_jobs as jobs
     set status = batch.status,
         readiness = case when batch.sets_readiness then batch.readiness else jobs.readiness end,
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
    from unnest($1::bigint[], $2::text[], $3::boolean[], $4::text[], $5::integer[], $6::bigint[],
                $7::boolean[], $8::boolean[], $9::text[], $10::text[], $11::text[], $12::text[],
                $13::bytea[], $14::text[], $15::bigint[], $16::bigint[], $17::text[], $18::integer[],
                $19::bigint[])
         as batch (number, status, sets_readiness, readiness, attempt, run_at, releases_lease, ends_turn,
           cancel_requested_by, progress, result_format, result, result_bytes, error, completed_at,
           purge_at, undo_steps, last_seq, updated_at)
   where jobs.number = batch.number`,
);
