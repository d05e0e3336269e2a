// Stores the results of jobs that completed, with the event of each: what most settling is, in a third of the columns of other moves.
import { batchOf, type Columns } from "../columns.js";
import { statement } from "./statement.js";

export type CompleteJobs = [
  number: number,
  heldLease: string,
  attempt: number,
  completedAt: number,
  purgeAt: number,
  resultFormat: string | null,
  result: string | null,
  resultBytes: Uint8Array | null,
];

const COLUMNS: Columns = [
  ["number", "bigint"],
  ["held_lease", "text"],
  ["attempt", "integer"],
  ["completed_at", "bigint"],
  ["purge_at", "bigint"],
  ["result_format", "text"],
  ["result", "text"],
  ["result_bytes", "bytea"],
];

/** Of its parameters: see `packedColumns`. */
export const COMPLETED_TYPES = COLUMNS.map(([, type]) => type);

/** As `moveLeasedJobs`: sorted by number, and what is missing in the answer missed its guard, or has a turn to pass on. */
export const completeJobs = statement<readonly unknown[], [number: number, lastSeq: number]>(
  "complete_jobs",
  `
  with moved as (
         update meanwhile_jobs as jobs
            set status = 'COMPLETED',
                readiness = null,
                lease_token = null,
                lease_worker_id = null,
                lease_expires_at = null,
                result_format = batch.result_format,
                result = batch.result,
                result_bytes = batch.result_bytes,
                completed_at = batch.completed_at,
                purge_at = batch.purge_at,
                last_seq = jobs.last_seq + 1, -- of the event below
                updated_at = batch.completed_at
           from ${batchOf(COLUMNS)} as batch
          where jobs.number = batch.number
            and jobs.status = 'PROCESSING'
            and jobs.lease_token = batch.held_lease -- a late worker must not write into a lease given to another
            and jobs.turn is null
         returning jobs.number, jobs.last_seq, jobs.completed_at, batch.attempt),
       events as (
         insert into meanwhile_events (job, seq, type, status, at, attempt, generation, tx)
         select number, last_seq, 'job.completed', 'COMPLETED', completed_at, attempt,
                (select max(generation) from meanwhile_generations), (select pg_current_xact_id()::text::bigint)
           from moved)
  select number, last_seq
    from moved`,
);
