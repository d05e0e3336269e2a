// The highest position ever drawn: no number comes twice, pruned or not.
import { statement } from "./statement.js";

export const findLastPosition = statement<[], [position: number]>(`
  select max(last_position, coalesce((select max(position) from meanwhile_events), 0)) as position
    from meanwhile_store
   where id = 1`);
