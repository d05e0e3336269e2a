// The files that a job names.
import { statement } from "./statement.js";

export const findJobFiles = statement<[jobId: string], [fileId: string]>(`
  select links.file_id
    from meanwhile_jobs as jobs
    cross join meanwhile_job_files as links
   where jobs.id = ?
     and links.job = jobs.number`);
