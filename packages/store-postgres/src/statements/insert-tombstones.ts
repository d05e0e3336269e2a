// Buries purged jobs.
import { statement } from "./statement.js";

/** One row of the batch. */
export type InsertTombstones = [
  jobId: string,
  owner: string,
  purgedAt: number,
  expiresAt: number,
  idempotencyKey: string | null,
];

/** A list per column: see `columnsOf`. */
export const insertTombstones = statement<[...columns: readonly unknown[][]], never>(
  "insert_tombstones",
  `
  insert into meanwhile_tombstones
         (job_id, owner, purged_at, expires_at, idempotency_key)
  select batch.job_id, batch.owner, batch.purged_at, batch.expires_at, batch.idempotency_key
    from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])
         with ordinality as batch (job_id, owner, purged_at, expires_at, idempotency_key, place)
   order by batch.place
      on conflict do nothing`,
);
