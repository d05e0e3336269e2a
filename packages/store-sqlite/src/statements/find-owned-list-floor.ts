// Where a page's walk over the jobs of one owner ends at the latest.
import { statement } from "./statement.js";

export type FindOwnedListFloor = [owner: string, before: number, scanned: number];

export const findOwnedListFloor = statement<FindOwnedListFloor, [number: number]>(`
  select number
    from meanwhile_jobs indexed by meanwhile_jobs_owner
   where owner = ?
     and number < ?
   order by number desc
   limit 1 offset ? + 0 -- see LIMIT`);
