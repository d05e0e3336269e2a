// Applies changes of whoever holds the leases: guard, row and events of each, in one walk (invariants I1, I2, I4).
import { batchOf, type Columns } from "../columns.js";
import { appendEventsOf, EVENT_COLUMNS } from "./event-columns.js";
import { statement } from "./statement.js";

/** One row of the batch, before its events. `null` leaves a column as it is; readiness and the lease say so themselves. */
export type MoveLeasedJobs = [
  number: number,
  heldStatus: string,
  heldLease: string,
  /** `null`: not looked at. */
  isWished: boolean | null,
  eventCount: number,
  status: string | null,
  setsReadiness: boolean,
  readiness: string | null,
  keepsPlace: boolean,
  attempt: number | null,
  runAt: number | null,
  releasesLease: boolean,
  cancelRequestedBy: string | null,
  progress: string | null,
  resultFormat: string | null,
  result: string | null,
  resultBytes: Uint8Array | null,
  error: string | null,
  completedAt: number | null,
  purgeAt: number | null,
  undoSteps: string | null,
  updatedAt: number,
];

const COLUMNS: Columns = [
  ["number", "bigint"],
  ["held_status", "text"],
  ["held_lease", "text"],
  ["is_wished", "boolean"],
  ["event_count", "integer"],
  ["status", "text"],
  ["sets_readiness", "boolean"],
  ["readiness", "text"],
  ["keeps_place", "boolean"],
  ["attempt", "integer"],
  ["run_at", "bigint"],
  ["releases_lease", "boolean"],
  ["cancel_requested_by", "text"],
  ["progress", "text"],
  ["result_format", "text"],
  ["result", "text"],
  ["result_bytes", "bytea"],
  ["error", "text"],
  ["completed_at", "bigint"],
  ["purge_at", "bigint"],
  ["undo_steps", "text"],
  ["updated_at", "bigint"],
  ...EVENT_COLUMNS,
];

/** Of its parameters: see `packedColumns`. */
export const MOVED_TYPES = COLUMNS.map(([, type]) => type);

/** The numbers must be sorted, as everywhere where rows are locked. What is missing in the answer missed its guard, or has a turn to pass on. */
export const moveLeasedJobs = statement<readonly unknown[], [number: number, lastSeq: number]>(
  "move_leased_jobs",
  `
  with moved as (
         update meanwhile_jobs as jobs
            set status = coalesce(batch.status, jobs.status),
                readiness = case when batch.sets_readiness then batch.readiness else jobs.readiness end,
                place = case when batch.keeps_place then jobs.place end, -- drawn when all else is done
                attempt = coalesce(batch.attempt, jobs.attempt),
                run_at = coalesce(batch.run_at, jobs.run_at),
                lease_token = case when not batch.releases_lease then jobs.lease_token end,
                lease_worker_id = case when not batch.releases_lease then jobs.lease_worker_id end,
                lease_expires_at = case when not batch.releases_lease then jobs.lease_expires_at end,
                cancel_requested_by = coalesce(batch.cancel_requested_by, jobs.cancel_requested_by),
                progress = coalesce(batch.progress, jobs.progress),
                result_format = coalesce(batch.result_format, jobs.result_format),
                result = coalesce(batch.result, jobs.result),
                result_bytes = coalesce(batch.result_bytes, jobs.result_bytes),
                error = coalesce(batch.error, jobs.error),
                completed_at = coalesce(batch.completed_at, jobs.completed_at),
                purge_at = coalesce(batch.purge_at, jobs.purge_at),
                undo_steps = coalesce(batch.undo_steps, jobs.undo_steps),
                last_seq = jobs.last_seq + batch.event_count,
                updated_at = batch.updated_at
           from ${batchOf(COLUMNS)} as batch
          where jobs.number = batch.number
            and jobs.status = batch.held_status
            and jobs.lease_token = batch.held_lease -- a late worker must not write into a lease given to another
            and (batch.is_wished is null or batch.is_wished = (jobs.cancel_requested_by is not null))
            and (jobs.turn is null or batch.completed_at is null)
         returning jobs.number, jobs.last_seq, jobs.last_seq - batch.event_count + 1 as seq, batch.place,
                   ${EVENT_COLUMNS.map(([name]) => `batch.${name}`).join(", ")}),
       events as (${appendEventsOf("moved")})
  select number, last_seq
    from moved`,
);
