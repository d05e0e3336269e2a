// Erases the links of all jobs to a file.
import { statement } from "./statement.js";

export const deleteFileLinks = statement<[fileId: string]>(`
  delete from meanwhile_job_files
   where file_id = ?`);
