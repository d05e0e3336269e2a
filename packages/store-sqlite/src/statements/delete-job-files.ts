// Erases the links of a job to its files.
import { statement } from "./statement.js";

export const deleteJobFiles = statement<[job: number]>(`
  delete from meanwhile_job_files
   where job = ?`);
