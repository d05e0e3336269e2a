// Locks what stands in these lines, and tells which of them are not empty.
import { statement } from "./statement.js";

export const lockLines = statement<[lines: readonly string[]], [line: string]>(
  "lock_lines",
  `
  select line
    from meanwhile_deliveries
   where line = any ($1::text[])
     and place is not null
   order by number
     for no key update`,
);
