// Where a page's walk over the jobs ends at the latest.
import { statement } from "./statement.js";

export const findListFloor = statement<[before: number, scanned: number], [number: number]>(`
  select number
    from meanwhile_jobs not indexed
   where number < ?
   order by number desc
   limit 1 offset ? + 0 -- see LIMIT`);
