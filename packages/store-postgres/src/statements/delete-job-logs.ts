// Erases the log lines of jobs.
import { statement } from "./statement.js";

export const deleteJobLogs = statement<[jobs: readonly number[]]>(
  "delete_job_logs",
  `
  delete from meanwhile_job_logs
   where job = any ($1::bigint[])`,
);
