// Whether a job is there.
import { statement } from "./statement.js";

export const findJobNumber = statement<[jobId: string], [number: number]>(
  "find_job_number",
  `
  select number
    from meanwhile_submissions
   where id = $1`,
);
