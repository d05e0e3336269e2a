// Takes idempotency keys, in the order of the batch; one that another transaction takes now is waited for.
import { statement } from "./statement.js";

/** One row of the batch. */
export type InsertIdempotencyKeys = [owner: string, key: string, jobId: string, fingerprint: string];

/** A list per column: see `columnsOf`. */
export const insertIdempotencyKeys = statement<[...columns: readonly unknown[][]], never>(
  "insert_idempotency_keys",
  `
  insert into meanwhile_idempotency_keys
         (owner, key, job_id, fingerprint)
  select batch.owner, batch.key, batch.job_id, batch.fingerprint
    from unnest($1::text[], $2::text[], $3::text[], $4::text[])
         with ordinality as batch (owner, key, job_id, fingerprint, place)
   order by batch.place
      on conflict do nothing`,
);
