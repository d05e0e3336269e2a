// Appends log lines.
import { statement } from "./statement.js";

/** One row of the batch. */
export type InsertLogLines = [
  job: number,
  seq: number,
  at: number,
  level: string,
  attempt: number,
  message: string,
  fields: string | null,
];

/** A list per column: see `columnsOf`. */
export const insertLogLines = statement<[...columns: readonly unknown[][]], never>(
  "insert_log_lines",
  `
  insert into meanwhile_job_logs
         (job, seq, at, level, attempt, message, fields)
  select batch.job, batch.seq, batch.at, batch.level, batch.attempt, batch.message, batch.fields
    from unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[], $5::integer[], $6::text[], $7::text[])
         with ordinality as batch (job, seq, at, level, attempt, message, fields, place)
   order by batch.place`,
);
