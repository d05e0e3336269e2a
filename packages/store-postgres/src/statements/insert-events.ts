// Appends events to the log, in the order of the batch and under the id of their transaction (invariant I3).
import { batchOf, type Columns } from "../columns.js";
import { statement } from "./statement.js";

/** One row of the batch. */
export type InsertEvents = [
  job: number,
  seq: number,
  type: string,
  status: string,
  at: number,
  attempt: number,
  dataFormat: string | null,
  data: string | null,
  dataBytes: Uint8Array | null,
];

const COLUMNS: Columns = [
  ["job", "bigint"],
  ["seq", "integer"],
  ["type", "text"],
  ["status", "text"],
  ["at", "bigint"],
  ["attempt", "integer"],
  ["data_format", "text"],
  ["data", "text"],
  ["data_bytes", "bytea"],
];

/** Of its parameters: see `packedColumns`. */
export const APPENDED_TYPES = COLUMNS.map(([, type]) => type);

export const insertEvents = statement<readonly unknown[], never>(
  "insert_events",
  `
  insert into meanwhile_events
         (job, seq, type, status, at, attempt, data_format, data, data_bytes, generation, tx)
  select batch.job, batch.seq, batch.type, batch.status, batch.at, batch.attempt, batch.data_format, batch.data,
         batch.data_bytes, (select max(generation) from meanwhile_generations),
         (select pg_current_xact_id()::text::bigint)
    from ${batchOf(COLUMNS)} as batch
   order by batch.place`,
);
