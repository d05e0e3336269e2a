// Whether a claim would find anything: an idle worker must not take the write lock to learn that there is nothing.
import { statement } from "./statement.js";

export const hasReadyJob = statement<[type: string], [found: 1]>(`
  select 1 as found
    from meanwhile_jobs indexed by meanwhile_jobs_waiting
   where type = ?
     and readiness = 'ready'
   limit 1`);
