// Whole jobs, for the bodies of their deliveries.
import { JOB_COLUMNS, type JobRow } from "./job-columns.js";
import { statement } from "./statement.js";

/** The numbers are a JSON array. */
export const readJobsByNumber = statement<[numbers: string], JobRow>(`
  select ${JOB_COLUMNS}
    from meanwhile_jobs
   where number in (select value from json_each(?))`);
