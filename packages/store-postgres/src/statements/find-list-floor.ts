// The last row that a page of all jobs may walk to.
import { statement } from "./statement.js";

export const findListFloor = statement<[before: number, scanned: number], [number: number]>(
  "find_list_floor",
  `
  select number
    from meanwhile_submissions
   where number < $1::bigint
   order by number desc
   limit 1 offset $2::bigint`,
);
