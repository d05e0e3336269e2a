// Erases the row of a job.
import { statement } from "./statement.js";

export const deleteJob = statement<[number: number]>(`
  delete from meanwhile_jobs
   where number = ?`);
