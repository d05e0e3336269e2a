// Erases the events of jobs, and notes per owner how far the log has a hole by it.
import { statement } from "./statement.js";

export const deleteJobEvents = statement<[jobs: readonly number[], owners: readonly string[]]>(
  "delete_job_events",
  `
  with gone as (
         delete from meanwhile_events
          where job = any ($1::bigint[])
         returning job, generation, tx, number),
       holes as (
         select distinct on (owners.owner) owners.owner, gone.generation, gone.tx, gone.number
           from gone
           join unnest($1::bigint[], $2::text[]) as owners (job, owner) on owners.job = gone.job
          order by owners.owner, gone.generation desc, gone.tx desc, gone.number desc)
  insert into meanwhile_purged_positions as positions (owner, generation, tx, number)
  select owner, generation, tx, number
    from holes
   order by owner
      on conflict (owner) do update
     set generation = excluded.generation,
         tx = excluded.tx,
         number = excluded.number
   where (positions.generation, positions.tx, positions.number) < (excluded.generation, excluded.tx, excluded.number)`,
);
