// Gives a key to a job.
import { statement } from "./statement.js";

export type InsertIdempotencyKey = [owner: string, key: string, jobId: string, fingerprint: string];

export const insertIdempotencyKey = statement<InsertIdempotencyKey>(`
  insert into meanwhile_idempotency_keys (owner, key, job_id, fingerprint)
  values (?, ?, ?, ?)`);
