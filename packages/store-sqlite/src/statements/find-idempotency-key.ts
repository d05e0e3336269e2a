// Which job holds a key, for which request, and whether it was purged since, or is past its time.
import { statement } from "./statement.js";

export type IdempotencyKeyRow = [jobId: string, fingerprint: string, isPurged: 0 | 1];

export const findIdempotencyKey = statement<[now: number, owner: string, key: string], IdempotencyKeyRow>(`
  select job_id,
         fingerprint,
         exists (select 1
                   from meanwhile_tombstones
                  where job_id = meanwhile_idempotency_keys.job_id)
         or exists (select 1
                      from meanwhile_jobs
                     where id = meanwhile_idempotency_keys.job_id
                       and purge_at <= ?) as is_purged
    from meanwhile_idempotency_keys
   where owner = ?
     and key = ?`);
