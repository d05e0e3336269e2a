// Which of these types have a ready job, and room for it under their limit: a look without a transaction.
import { statement } from "./statement.js";

export const findReadyTypes = statement<[types: readonly string[], limits: readonly (number | null)[]], [type: string]>(
  "find_ready_types",
  `
  select wanted.type
    from unnest($1::text[], $2::bigint[]) as wanted (type, most)
   where exists (select 1
                   from meanwhile_jobs
                  where type = wanted.type
                    and readiness = 'ready'
                 offset 0)
     and case
           when wanted.most is null then true
           else (select count(*)
                   from (select 1
                           from meanwhile_jobs
                          where lease_expires_at > 0
                            and type = wanted.type
                          limit wanted.most) as leased) < wanted.most
         end`,
);
