// Locks the rows that a batch is about to change, and reads what its guards name.
import { statement } from "./statement.js";

export type ChangingJobRow = [
  id: string,
  number: number,
  status: string,
  leaseToken: string | null,
  leaseExpiresAt: number | null,
  isCancelRequested: boolean,
  lastSeq: number,
  owner: string,
  concurrencyKey: string | null,
  turn: number | null,
];

export const lockChangingJobs = statement<[ids: readonly string[]], ChangingJobRow>(
  "lock_changing_jobs",
  `
  select submissions.id, jobs.*
    from (select submissions.id, submissions.number
            from unnest($1::text[]) as batch (id)
            cross join lateral (select id, number
                                  from meanwhile_submissions
                                 where id = batch.id
                                offset 0) as submissions
           order by submissions.number -- rows are locked in their order, in every batch of every process
          offset 0) as submissions
    cross join lateral (select number, status, lease_token, lease_expires_at, cancel_requested_by is not null,
                               last_seq, owner, concurrency_key, turn
                          from meanwhile_jobs
                         where number = submissions.number
                        offset 0 -- from the ids to the rows, one by one
                           for no key update) as jobs`,
);
