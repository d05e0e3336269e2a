// What a commit needs to know of the jobs it changes, before it changes them.
import { statement } from "./statement.js";

export type ChangingJobRow = [
  id: string,
  number: number,
  lastSeq: number,
  owner: string,
  concurrencyKey: string | null,
];

/**
 * The ids are a JSON array. Read ahead rather than returned by the updates: SQLite runs `returning` as a trigger, which
 * costs more than the update itself.
 */
export const readChangingJobs = statement<[jobIds: string], ChangingJobRow>(`
  select jobs.id, jobs.number, jobs.last_seq, jobs.owner, jobs.concurrency_key
    from json_each(?) as wanted
    cross join meanwhile_jobs as jobs -- cross: from the ids to the jobs, never the other way round
   where jobs.id = wanted.value`);
