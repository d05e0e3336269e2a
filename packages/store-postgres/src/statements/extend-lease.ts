// Prolongs one lease that is still held, once whoever is writing its row has done so.
import { now, statement } from "./statement.js";

export type ExtendLease = [id: string, leaseToken: string, byMs: number, now: number | null];

export const extendLease = statement<ExtendLease, [cancelRequestedBy: string | null]>(
  "extend_lease",
  `
  with held as materialized (
         select jobs.number
           from (select number
                   from meanwhile_submissions
                  where id = $1
                 offset 0) as submissions
           cross join lateral (select number
                                 from meanwhile_jobs
                                where number = submissions.number
                                  and lease_token = $2 -- a late worker must not revive a lease given to another
                               offset 0
                                  for no key update) as jobs)
  update meanwhile_jobs as jobs
     set lease_expires_at = ${now("$4")} + $3::bigint -- of the moment when the row is free
    from held
   where jobs.number = held.number
  returning jobs.cancel_requested_by`,
);
