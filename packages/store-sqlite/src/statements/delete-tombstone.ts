// Forgets a purged job.
import { statement } from "./statement.js";

export const deleteTombstone = statement<[jobId: string]>(`
  delete from meanwhile_tombstones
   where job_id = ?`);
