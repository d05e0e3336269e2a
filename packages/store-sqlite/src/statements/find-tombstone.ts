// The tombstone of a purged job.
import { statement } from "./statement.js";

export interface TombstoneRow {
  readonly job_id: string;
  readonly owner: string;
  readonly purged_at: number;
  readonly expires_at: number;
}

export const findTombstone = statement<[jobId: string], TombstoneRow>(`
  select job_id, owner, purged_at, expires_at
    from meanwhile_tombstones
   where job_id = ?`);
