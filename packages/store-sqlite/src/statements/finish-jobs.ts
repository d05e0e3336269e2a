// Applies changes that end jobs alike, each with its own result: what a batch of settlements mostly consists of.
import { statement } from "./statement.js";

/** The jobs are a JSON array of `[number, result]`; that they may be finished was read under the same write lock. */
export type FinishJobs = [status: string, completedAt: number, purgeAt: number, updatedAt: number, jobs: string];

export const finishJobs = statement<FinishJobs>(`
  update meanwhile_jobs
     set status = ?,
         readiness = null,
         lease_token = null,
         lease_worker_id = null,
         lease_expires_at = null,
         completed_at = ?,
         purge_at = ?,
         result = finished.value ->> 1,
         last_seq = last_seq + 1,
         updated_at = ?
    from json_each(?) as finished
   where number = finished.value ->> 0`);
