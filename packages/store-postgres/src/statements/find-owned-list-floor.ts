// The last row that a page of an owner's jobs may walk to.
import { statement } from "./statement.js";

export const findOwnedListFloor = statement<[owner: string, before: number, scanned: number], [number: number]>(
  "find_owned_list_floor",
  `
  select number
    from meanwhile_submissions
   where owner = $1
     and number < $2::bigint
   order by owner desc, number desc -- along the index of owners
   limit 1 offset $3::bigint`,
);
