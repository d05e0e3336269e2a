// Notes for the job's owner that events are about to go, before they do.
import { statement } from "./statement.js";

export const savePurgedPosition = statement<[job: number]>(`
  insert into meanwhile_purged_positions (owner, position)
  select jobs.owner, events.position
    from meanwhile_jobs as jobs
    join meanwhile_events as events indexed by meanwhile_events_of_job
      on events.job = jobs.number
   where jobs.number = ?
   order by events.seq desc -- the last one of a job has the highest position
   limit 1
      on conflict (owner) do update
     set position = max(position, excluded.position)`);
