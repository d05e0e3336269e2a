// Removes tombstones that have expired, with the idempotency keys of their jobs.
import { now, statement } from "./statement.js";

export const removeTombstones = statement<[now: number | null, limit: number], [count: number]>(
  "remove_tombstones",
  `
  with expired as materialized (
         select job_id
           from meanwhile_tombstones
          where expires_at <= ${now("$1")}
          order by expires_at
          limit $2::bigint
            for update skip locked),
       gone as (
         delete from meanwhile_tombstones
          where job_id in (select job_id from expired)
         returning job_id, owner, idempotency_key),
       freed as (
         delete from meanwhile_idempotency_keys as keys
          using gone
          where keys.owner = gone.owner
            and keys.key = gone.idempotency_key
            and keys.job_id = gone.job_id) -- and nobody else's
  select count(*)
    from gone`,
);
