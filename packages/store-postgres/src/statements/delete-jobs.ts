// Erases jobs.
import { statement } from "./statement.js";

export const deleteJobs = statement<[numbers: readonly number[]]>(
  "delete_jobs",
  `
  with jobs as (
         delete from meanwhile_jobs
          where number = any ($1::bigint[]))
  delete from meanwhile_submissions
   where number = any ($1::bigint[])`,
);
