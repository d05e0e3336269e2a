// Stores new jobs, numbered in the order of the batch, with their first events.
import { batchOf, type Columns } from "../columns.js";
import { appendEventsOf, EVENT_COLUMNS } from "./event-columns.js";
import { beginningOf } from "./place-base.js";
import { statement } from "./statement.js";

/** One row of the batch, before its events. */
export type InsertJobs = [
  id: string,
  owner: string,
  maxAttempts: number,
  createdAt: number,
  timeoutMs: number | null,
  retentionMs: number,
  callbackId: string | null,
  idempotencyKey: string | null,
  rerunOf: string | null,
  traceparent: string | null,
  tracestate: string | null,
  requestId: string | null,
  tags: string | null,
  parametersFormat: string | null,
  parameters: string | null,
  parametersBytes: Uint8Array | null,
  type: string,
  status: string,
  readiness: string | null,
  priority: number,
  runAt: number,
  attempt: number,
  lastSeq: number,
  leaseToken: string | null,
  leaseWorkerId: string | null,
  leaseExpiresAt: number | null,
  startedAt: number | null,
  updatedAt: number,
  completedAt: number | null,
  purgeAt: number | null,
  startBy: number | null,
  completeBy: number | null,
  cancelRequestedBy: string | null,
  concurrencyKey: string | null,
  turn: number | null,
  undoSteps: string | null,
  progress: string | null,
  error: string | null,
  resultFormat: string | null,
  result: string | null,
  resultBytes: Uint8Array | null,
  /** Which share its place is drawn from, and as which one of it; `null` where it is not ready. */
  share: number | null,
  step: number | null,
];

const SUBMISSION: Columns = [
  ["id", "text"],
  ["owner", "text"],
  ["max_attempts", "integer"],
  ["created_at", "bigint"],
  ["timeout_ms", "bigint"],
  ["retention_ms", "bigint"],
  ["callback_id", "text"],
  ["idempotency_key", "text"],
  ["rerun_of", "text"],
  ["traceparent", "text"],
  ["tracestate", "text"],
  ["request_id", "text"],
  ["tags", "text"],
  ["parameters_format", "text"],
  ["parameters", "text"],
  ["parameters_bytes", "bytea"],
];

const STANDING: Columns = [
  ["type", "text"],
  ["status", "text"],
  ["readiness", "text"],
  ["priority", "integer"],
  ["run_at", "bigint"],
  ["attempt", "integer"],
  ["last_seq", "integer"],
  ["lease_token", "text"],
  ["lease_worker_id", "text"],
  ["lease_expires_at", "bigint"],
  ["started_at", "bigint"],
  ["updated_at", "bigint"],
  ["completed_at", "bigint"],
  ["purge_at", "bigint"],
  ["start_by", "bigint"],
  ["complete_by", "bigint"],
  ["cancel_requested_by", "text"],
  ["concurrency_key", "text"],
  ["turn", "bigint"],
  ["undo_steps", "text"],
  ["progress", "text"],
  ["error", "text"],
  ["result_format", "text"],
  ["result", "text"],
  ["result_bytes", "bytea"],
];

const DRAWING: Columns = [
  ["share", "integer"],
  ["step", "integer"],
];

const COLUMNS = [...SUBMISSION, ...STANDING, ...DRAWING, ...EVENT_COLUMNS];
const names = (columns: Columns): string => columns.map(([name]) => name).join(", ");

/** Of its parameters: see `packedColumns`. */
export const INSERTED_TYPES = COLUMNS.map(([, type]) => type);

/** The place of the first parameter behind the batch: the columns of the shares, see places.ts. */
const SHARES = 2 * COLUMNS.length + 1;

/** The share is that which its place was drawn from; both are `null` where it is not ready. */
export type InsertedJobRow = [number: number, id: string, share: number | null, place: number | null];

export const insertJobs = statement<readonly unknown[], InsertedJobRow>(
  "insert_jobs",
  `
  with batch as materialized (
         select nextval('meanwhile_submissions_number_seq') as number, 1 as seq, rows.*
           from ${batchOf(COLUMNS)} as rows
          order by rows.place),
       bases as materialized (
         select coalesce(array_agg(greatest(begun.base, shares.floor) order by shares.slot), '{}') as list
           from unnest($${SHARES}::text[], $${SHARES + 1}::integer[], $${SHARES + 2}::text[], $${SHARES + 3}::bigint[])
                with ordinality as shares (type, priority, owner, floor, slot)${beginningOf("shares")}),
       submissions as (
         insert into meanwhile_submissions (number, ${names(SUBMISSION)})
         select number, ${names(SUBMISSION)}
           from batch),
       jobs as (
         insert into meanwhile_jobs (number, owner, ${names(STANDING)}, place)
         select number, owner, ${names(STANDING)}, bases.list[batch.share] + batch.step
           from batch
           cross join bases),
       events as (${appendEventsOf("batch")})
  select batch.number, batch.id, batch.share, bases.list[batch.share] + batch.step
    from batch
    cross join bases`,
);
