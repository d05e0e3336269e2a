// What a commit needs to know of the jobs it changes, before it changes them.
import { statement } from "./statement.js";

export type ChangingJobRow = [
  /** Of the id in the array that was asked for. */
  index: number,
  number: number,
  lastSeq: number,
  concurrencyKey: string | null,
  /** Only where there is a key: whose turns they are. */
  owner: string | null,
  status: string,
  leaseToken: string | null,
];

/**
 * The ids are a JSON array. Read ahead rather than returned by the updates: SQLite runs `returning` as a trigger, which
 * costs more than the update itself.
 */
export const readChangingJobs = statement<[jobIds: string], ChangingJobRow>(`
  select wanted.key,
         jobs.number,
         jobs.last_seq,
         jobs.concurrency_key,
         case when jobs.concurrency_key is not null then jobs.owner end,
         jobs.status,
         jobs.lease_token
    from json_each(?) as wanted
    cross join meanwhile_jobs as jobs -- cross: from the ids to the jobs, never the other way round
   where jobs.id = wanted.value`);
