// The position of the newest event below the commit horizon, be it kept or purged.
import { statement } from "./statement.js";

export const findLogEnd = statement<[], [generation: number, tx: number, number: number]>(
  "find_log_end",
  `
  select ends.generation, ends.tx, ends.number
    from ((select generation, tx, number
             from meanwhile_events
            where (generation, tx) < ((select max(generation) from meanwhile_generations),
                                      (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint))
            order by generation desc, tx desc, number desc
            limit 1)
          union all
          (select generation, tx, number
             from meanwhile_purged_positions
            order by generation desc, tx desc, number desc
            limit 1)) as ends
   order by ends.generation desc, ends.tx desc, ends.number desc
   limit 1`,
);
