// Tombstones that have expired, longest first.
import { LIMIT, statement } from "./statement.js";

export type ExpiredTombstoneRow = [jobId: string, owner: string, idempotencyKey: string | null];

export const findExpiredTombstones = statement<[now: number, limit: number], ExpiredTombstoneRow>(`
  select job_id, owner, idempotency_key
    from meanwhile_tombstones indexed by meanwhile_tombstones_expires_at
   where expires_at <= ?
   order by expires_at
   ${LIMIT}`);
