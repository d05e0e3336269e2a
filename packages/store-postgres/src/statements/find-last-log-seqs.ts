// How many log lines each of these jobs has.
import { statement } from "./statement.js";

export const findLastLogSeqs = statement<[ids: readonly string[]], [id: string, job: number, lastSeq: number]>(
  "find_last_log_seqs",
  `
  select jobs.id, jobs.number,
         coalesce((select max(seq)
                     from meanwhile_job_logs
                    where job = jobs.number), 0)
    from unnest($1::text[]) as batch (id)
    cross join lateral (select id, number
                          from meanwhile_submissions
                         where id = batch.id
                        offset 0) as jobs`,
);
