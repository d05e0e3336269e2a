// Erases log lines of a job, oldest first, in a bounded step.
import { statement } from "./statement.js";

export type DeleteJobLogs = [job: number, job: number, lines: number];

/** A range rather than a list of lines: their `seq` has no gaps, and the list costs fifteen times as much. */
export const deleteJobLogs = statement<DeleteJobLogs>(`
  delete from meanwhile_job_logs
   where job = ?
     and seq < (select min(seq)
                  from meanwhile_job_logs
                 where job = ?) + ?`);
