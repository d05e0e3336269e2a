// What is left of a purged job.
import { statement } from "./statement.js";

export type TombstoneRow = [jobId: string, owner: string, purgedAt: number, expiresAt: number];

export const findTombstone = statement<[jobId: string], TombstoneRow>(
  "find_tombstone",
  `
  select job_id, owner, purged_at, expires_at
    from meanwhile_tombstones
   where job_id = $1`,
);
