// Who holds these idempotency keys, and whether that job is gone or may go.
import { now, statement } from "./statement.js";

export type FindKeyHolders = [owners: readonly string[], keys: readonly string[], now: number | null];

export type KeyHolderRow = [owner: string, key: string, jobId: string, fingerprint: string, isPurged: boolean];

export const findKeyHolders = statement<FindKeyHolders, KeyHolderRow>(
  "find_key_holders",
  `
  select held.owner, held.key, held.job_id, held.fingerprint,
         exists (select 1
                   from meanwhile_tombstones
                  where job_id = held.job_id)
         or exists (select 1
                      from meanwhile_jobs as jobs
                     where jobs.number = (select number
                                            from meanwhile_submissions
                                           where id = held.job_id)
                       and jobs.purge_at <= ${now("$3")})
    from unnest($1::text[], $2::text[]) as batch (owner, key)
    cross join lateral (select owner, key, job_id, fingerprint
                          from meanwhile_idempotency_keys
                         where owner = batch.owner
                           and key = batch.key
                        offset 0) as held`,
);
