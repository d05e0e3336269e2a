// Which of these leases are still held.
import { statement } from "./statement.js";

export type ReadHeldLeases = [ids: readonly string[], leaseTokens: readonly string[]];

export const readHeldLeases = statement<
  ReadHeldLeases,
  [id: string, leaseToken: string, cancelRequestedBy: string | null]
>(
  "read_held_leases",
  `
  select jobs.id, jobs.lease_token, jobs.cancel_requested_by
    from unnest($1::text[], $2::text[]) as batch (id, lease_token)
    cross join lateral (select id, lease_token, cancel_requested_by
                          from meanwhile_jobs
                         where id = batch.id
                           and lease_token = batch.lease_token
                        offset 0) as jobs`,
);
