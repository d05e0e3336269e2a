// Counts the leased jobs of types, each up to a limit: a walk over all that is leased, which the workers' slots bound.
import { statement } from "./statement.js";

export const countLeased = statement<
  [types: readonly string[], limits: readonly number[]],
  [type: string, count: number]
>(
  "count_leased",
  `
  select wanted.type,
         (select count(*)
            from (select 1
                    from meanwhile_jobs
                   where lease_expires_at > 0
                     and type = wanted.type
                   limit wanted.capacity) as leased)
    from unnest($1::text[], $2::bigint[]) as wanted (type, capacity)`,
);
