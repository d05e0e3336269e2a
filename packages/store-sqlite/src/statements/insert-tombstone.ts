// Leaves a tombstone for a purged job.
import { statement } from "./statement.js";

export type InsertTombstone = [
  jobId: string,
  owner: string,
  purgedAt: number,
  expiresAt: number,
  idempotencyKey: string | null,
];

export const insertTombstone = statement<InsertTombstone>(`
  insert into meanwhile_tombstones (job_id, owner, purged_at, expires_at, idempotency_key)
  values (?, ?, ?, ?, ?)`);
