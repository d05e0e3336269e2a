// The events that a batch of jobs brings along, two at most for each: how they travel beside the jobs, and how they are appended.
import type { Columns } from "../columns.js";

/** The columns of the two, behind those of the job. The type is null where there is none. */
export const EVENT_COLUMNS: Columns = ["first", "second"].flatMap(
  (each) =>
    [
      [`${each}_type`, "text"],
      [`${each}_status`, "text"],
      [`${each}_at`, "bigint"],
      [`${each}_attempt`, "integer"],
      [`${each}_format`, "text"],
      [`${each}_data`, "text"],
      [`${each}_bytes`, "bytea"],
    ] as const,
);

/**
 * Appends them in the order of the batch, under the id of their transaction (invariant I3).
 *
 * @param table Has these columns, `number` of the job, `seq` of its first event, and `place`.
 */
export const appendEventsOf = (table: string): string => `
         insert into meanwhile_events
                (job, seq, type, status, at, attempt, data_format, data, data_bytes, generation, tx)
         select each.job, each.seq, each.type, each.status, each.at, each.attempt, each.format, each.data, each.bytes,
                (select max(generation) from meanwhile_generations), (select pg_current_xact_id()::text::bigint)
           from (select number as job, seq, first_type as type, first_status as status, first_at as at,
                        first_attempt as attempt, first_format as format, first_data as data, first_bytes as bytes, place
                   from ${table}
                  where first_type is not null
                  union all
                 select number, seq + 1, second_type, second_status, second_at, second_attempt, second_format, second_data,
                        second_bytes, place
                   from ${table}
                  where second_type is not null) as each
          order by each.place, each.seq`;
