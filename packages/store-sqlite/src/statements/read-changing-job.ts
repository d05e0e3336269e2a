// What a commit needs to know of a job before it changes it.
import { statement } from "./statement.js";

export type ChangingJobRow = [number: number, lastSeq: number, concurrencyKey: string | null, owner: string];

/** Read ahead rather than returned by the update: SQLite runs `returning` as a trigger, which costs more than the update itself. */
export const readChangingJob = statement<[id: string], ChangingJobRow>(`
  select number, last_seq, concurrency_key, owner
    from meanwhile_jobs
   where id = ?`);
