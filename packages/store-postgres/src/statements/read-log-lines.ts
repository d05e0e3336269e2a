// Log lines of one job behind a seq.
import { statement } from "./statement.js";

export type LogLineRow = [
  jobId: string,
  seq: number,
  at: number,
  level: string,
  attempt: number,
  message: string,
  fields: string | null,
];

export const readLogLines = statement<
  [jobId: string, after: number, levels: readonly string[], limit: number],
  LogLineRow
>(
  "read_log_lines",
  `
  select jobs.id, lines.seq, lines.at, lines.level, lines.attempt, lines.message, lines.fields
    from (select id, number
            from meanwhile_submissions
           where id = $1
          offset 0) as jobs
    cross join lateral (select seq, at, level, attempt, message, fields
                          from meanwhile_job_logs
                         where job = jobs.number
                           and seq > $2::integer
                           and level = any ($3::text[])
                         order by seq
                         limit $4::bigint) as lines
   order by lines.seq`,
);
