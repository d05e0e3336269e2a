// Erases jobs.
import { statement } from "./statement.js";

export const deleteJobs = statement<[numbers: readonly number[]]>(
  "delete_jobs",
  `
  delete from meanwhile_jobs
   where number = any ($1::bigint[])`,
);
