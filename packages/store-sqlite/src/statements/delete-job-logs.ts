// Erases log lines of a job, oldest first, in a bounded step.
import { statement } from "./statement.js";

export const deleteJobLogs = statement<[job: number, job: number, limit: number]>(`
  delete from meanwhile_job_logs
   where job = ?
     and seq in (select seq
                   from meanwhile_job_logs
                  where job = ?
                  order by seq
                  limit ?)`);
