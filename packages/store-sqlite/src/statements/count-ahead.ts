// Counts the ready jobs before a place: three ranges of the waiting index, each cut at the limit.
import { LIMIT, statement } from "./statement.js";

export type CountAhead = [
  type: string,
  priority: number,
  limit: number,
  type: string,
  priority: number,
  place: number,
  limit: number,
  type: string,
  priority: number,
  place: number,
  number: number,
  limit: number,
];

const FROM_READY = `from meanwhile_jobs indexed by meanwhile_jobs_waiting
                   where type = ?
                     and readiness = 'ready'`;

export const countAhead = statement<CountAhead, [count: number]>(`
  select (select count(*)
            from (select 1
                    ${FROM_READY}
                     and priority > ?
                   ${LIMIT}))
       + (select count(*)
            from (select 1
                    ${FROM_READY}
                     and priority = ?
                     and place < ?
                   ${LIMIT}))
       + (select count(*)
            from (select 1
                    ${FROM_READY}
                     and priority = ?
                     and place = ?
                     and number < ?
                   ${LIMIT})) as count`);
