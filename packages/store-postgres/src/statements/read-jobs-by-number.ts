// Reads jobs by their numbers.
import { JOB_COLUMNS, type JobRow } from "./job-columns.js";
import { statement } from "./statement.js";

export const readJobsByNumber = statement<[numbers: readonly number[]], JobRow>(
  "read_jobs_by_number",
  `
  select ${JOB_COLUMNS}
    from meanwhile_jobs as jobs
    join meanwhile_submissions as submissions on submissions.number = jobs.number
   where jobs.number = any ($1::bigint[])`,
);
