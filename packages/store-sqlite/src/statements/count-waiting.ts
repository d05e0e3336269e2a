// Counts the jobs of a type that are neither leased nor terminal, up to a limit.
import { LIMIT, statement } from "./statement.js";

export const countWaiting = statement<[type: string, limit: number], [count: number]>(`
  select count(*) as count
    from (select 1
            from meanwhile_jobs indexed by meanwhile_jobs_waiting
           where type = ?
             and readiness is not null
           ${LIMIT})`);
