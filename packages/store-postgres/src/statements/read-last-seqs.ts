// The highest seq of each of these jobs.
import { statement } from "./statement.js";

export const readLastSeqs = statement<[jobIds: readonly string[]], [id: string, lastSeq: number]>(
  "read_last_seqs",
  `
  select wanted.id, jobs.last_seq
    from unnest($1::text[]) as wanted (id)
    cross join lateral (select number
                          from meanwhile_submissions
                         where id = wanted.id
                        offset 0) as submissions
    cross join lateral (select last_seq
                          from meanwhile_jobs
                         where number = submissions.number
                        offset 0) as jobs`,
);
