// The highest seq of many jobs at once.
import { statement } from "./statement.js";

/** The ids are a JSON array: one parameter, one statement, however many. */
export const readLastSeqs = statement<[jobIds: string], [id: string, lastSeq: number]>(`
  select jobs.id, jobs.last_seq
    from json_each(?) as wanted
    cross join meanwhile_jobs as jobs -- cross: from the ids to the jobs, never the other way round
   where jobs.id = wanted.value`);
