// Reads one job.
import { JOB_COLUMNS, type JobRow } from "./job-columns.js";
import { statement } from "./statement.js";

export const findJob = statement<[id: string], JobRow>(
  "find_job",
  `
  select ${JOB_COLUMNS}
    from meanwhile_submissions as submissions
    join meanwhile_jobs as jobs on jobs.number = submissions.number
   where submissions.id = $1`,
);
