// Begins a new generation of the log where the data has moved to another cluster, whose transactions count anew.
import { statement } from "./statement.js";

export const raiseGeneration = statement(
  "raise_generation",
  `
  insert into meanwhile_generations (generation, system_identifier)
  select latest.generation + 1, cluster.system_identifier
    from (select generation, system_identifier
            from meanwhile_generations
           order by generation desc
           limit 1) as latest
    cross join (select system_identifier::text as system_identifier
                  from pg_control_system()) as cluster
   where latest.system_identifier not in ('', cluster.system_identifier)
      on conflict do nothing`,
);
