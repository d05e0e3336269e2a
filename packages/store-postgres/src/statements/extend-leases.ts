// Prolongs leases that are still held; rows that somebody is writing now are passed over.
import { now, statement } from "./statement.js";

export type ExtendLeases = [ids: readonly string[], leaseTokens: readonly string[], byMs: number, now: number | null];

export const extendLeases = statement<ExtendLeases, [id: string, leaseToken: string, cancelRequestedBy: string | null]>(
  "extend_leases",
  `
  with held as materialized (
         select batch.id, jobs.number
           from unnest($1::text[], $2::text[]) as batch (id, lease_token)
           cross join lateral (select number
                                 from meanwhile_submissions
                                where id = batch.id
                               offset 0) as submissions
           cross join lateral (select number
                                 from meanwhile_jobs
                                where number = submissions.number
                                  and lease_token = batch.lease_token -- a late worker must not revive a lease given to another
                               offset 0
                                  for no key update skip locked) as jobs)
  update meanwhile_jobs as jobs
     set lease_expires_at = ${now("$4")} + $3::bigint
    from held
   where jobs.number = held.number
  returning held.id, jobs.lease_token, jobs.cancel_requested_by`,
);
