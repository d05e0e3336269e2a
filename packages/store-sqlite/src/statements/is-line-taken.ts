// Whether a delivery of the line stands before a new one.
import { statement } from "./statement.js";

export const isLineTaken = statement<[line: string], [found: 1]>(`
  select 1 as found
    from meanwhile_deliveries indexed by meanwhile_deliveries_line
   where line = ?
     and place is not null
   limit 1`);
