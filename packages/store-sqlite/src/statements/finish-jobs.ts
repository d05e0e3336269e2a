// Applies changes that end jobs of one lease alike, each with its own result: what a batch of settlements mostly is.
import { statement } from "./statement.js";

export type FinishJobs = [
  status: string,
  completedAt: number,
  purgeAt: number,
  updatedAt: number,
  /** A JSON object: numbers of jobs to their results. Arrays of both would be parsed once more for each job. */
  jobs: string,
  leaseToken: string,
  lastSeq: number,
];

/** `readiness` is not named: it is null while a job is leased, and naming it costs a look at each index over it. */
export const finishJobs = statement<FinishJobs>(`
  update meanwhile_jobs
     set status = ?,
         lease_token = null,
         lease_worker_id = null,
         lease_expires_at = null,
         completed_at = ?,
         purge_at = ?,
         result = finished.value,
         last_seq = last_seq + 1,
         updated_at = ?
    from json_each(?) as finished
   where number = cast(finished.key as integer)
     and status = 'PROCESSING'
     and lease_token = ? -- a late worker must not write into a lease given to another
     and last_seq = ? -- the seq of the event that this causes is drawn from it`);
