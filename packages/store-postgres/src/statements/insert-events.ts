// Appends events to the log, in the order of the batch and under the id of their transaction (invariant I3).
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

/** A list per column: see `columnsOf`. */
export const insertEvents = statement<[...columns: readonly unknown[][]], never>(
  "insert_events",
  `
  insert into meanwhile_events
         (job, seq, type, status, at, attempt, data_format, data, data_bytes, generation, tx)
  select batch.job, batch.seq, batch.type, batch.status, batch.at, batch.attempt, batch.data_format,
          batch.data, batch.data_bytes, (select max(generation) from meanwhile_generations),
          pg_current_xact_id()::text::bigint
    from unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::bigint[], $6::integer[], $7::text[],
                $8::text[], $9::bytea[])
         with ordinality as batch (job, seq, type, status, at, attempt, data_format, data, data_bytes, place)
   order by batch.place`,
);
