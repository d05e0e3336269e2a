// Which of these leases are still held.
import { statement } from "./statement.js";

export type ReadHeldLeases = [ids: readonly string[], leaseTokens: readonly string[]];

export const readHeldLeases = statement<
  ReadHeldLeases,
  [id: string, leaseToken: string, cancelRequestedBy: string | null]
>(
  "read_held_leases",
  `
  select batch.id, jobs.lease_token, jobs.cancel_requested_by
    from unnest($1::text[], $2::text[]) as batch (id, lease_token)
    cross join lateral (select number
                          from meanwhile_submissions
                         where id = batch.id
                        offset 0) as submissions
    cross join lateral (select lease_token, cancel_requested_by
                          from meanwhile_jobs
                         where number = submissions.number
                           and lease_token = batch.lease_token
                        offset 0) as jobs`,
);
