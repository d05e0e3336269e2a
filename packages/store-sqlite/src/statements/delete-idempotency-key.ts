// Frees a key.
import { statement } from "./statement.js";

export const deleteIdempotencyKey = statement<[owner: string, key: string, jobId: string]>(`
  delete from meanwhile_idempotency_keys
   where owner = ?
     and key = ?
     and job_id = ? -- and nobody else's`);
