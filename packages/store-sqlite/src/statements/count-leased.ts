// Counts the leased jobs of a type up to a limit: a walk over all that is leased, which the workers' slots bound.
import { LIMIT, statement } from "./statement.js";

export const countLeased = statement<[type: string, limit: number], [count: number]>(`
  select count(*) as count
    from (select 1
            from meanwhile_jobs indexed by meanwhile_jobs_leased
           where lease_expires_at > 0
             and type = ?
           ${LIMIT})`);
