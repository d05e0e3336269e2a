// Locks the jobs that lines are appended to: their seq is drawn by one writer at a time.
import { statement } from "./statement.js";

/** The ids must be sorted. */
export const lockLogOwners = statement<[ids: readonly string[]], [id: string]>(
  "lock_log_owners",
  `
  select jobs.id
    from unnest($1::text[]) as batch (id)
    cross join lateral (select id
                          from meanwhile_submissions
                         where id = batch.id
                        offset 0
                           for no key update) as jobs`,
);
