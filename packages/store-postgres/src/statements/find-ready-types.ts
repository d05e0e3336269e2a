// Which of these types have a ready job: a look without a transaction.
import { statement } from "./statement.js";

export const findReadyTypes = statement<[types: readonly string[]], [type: string]>(
  "find_ready_types",
  `
  select wanted.type
    from unnest($1::text[]) as wanted (type)
   where exists (select 1
                   from meanwhile_jobs
                  where type = wanted.type
                    and readiness = 'ready'
                 offset 0)`,
);
