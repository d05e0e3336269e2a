// How many lines a job has logged.
import { statement } from "./statement.js";

export const findLastLogSeq = statement<[job: number], [seq: number | null]>(`
  select max(seq) as seq
    from meanwhile_job_logs
   where job = ?`);
