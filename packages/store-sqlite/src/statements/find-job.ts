// The whole job of an id.
import { JOB_COLUMNS, type JobRow } from "./job-columns.js";
import { statement } from "./statement.js";

export const findJob = statement<[id: string], JobRow>(`
  select ${JOB_COLUMNS}
    from meanwhile_jobs
   where id = ?`);
