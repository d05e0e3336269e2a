// Tombstones that have expired, longest first.
import { statement } from "./statement.js";

export interface ExpiredTombstoneRow {
  readonly job_id: string;
  readonly owner: string;
  readonly idempotency_key: string | null;
}

export const findExpiredTombstones = statement<[now: number, limit: number], ExpiredTombstoneRow>(`
  select job_id, owner, idempotency_key
    from meanwhile_tombstones indexed by meanwhile_tombstones_expires_at
   where expires_at <= ?
   order by expires_at
   limit ?`);
