// The log of one job after a seq, from a level upwards.
import { LIMIT, statement } from "./statement.js";

export type LogLineRow = [
  jobId: string,
  seq: number,
  at: number,
  level: string,
  attempt: number,
  message: string,
  fields: string | null,
];

/** The levels are a JSON array of those that are wanted. */
export type ReadLogLines = [jobId: string, after: number, levels: string, limit: number];

export const readLogLines = statement<ReadLogLines, LogLineRow>(`
  select jobs.id as job_id, lines.seq, lines.at, lines.level, lines.attempt, lines.message, lines.fields
    from meanwhile_jobs as jobs
    cross join meanwhile_job_logs as lines
   where jobs.id = ?
     and lines.job = jobs.number
     and lines.seq > ?
     and lines.level in (select value from json_each(?))
   order by lines.seq
   ${LIMIT}`);
