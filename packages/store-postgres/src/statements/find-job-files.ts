// The files that a job names.
import { statement } from "./statement.js";

export const findJobFiles = statement<[jobId: string], [fileId: string]>(
  "find_job_files",
  `
  select links.file_id
    from (select number
            from meanwhile_submissions
           where id = $1
          offset 0) as jobs
    cross join lateral (select file_id
                          from meanwhile_job_files
                         where job = jobs.number) as links`,
);
