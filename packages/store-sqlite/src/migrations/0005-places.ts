// The places of ready jobs, fair between the owners of one type and priority.
import type { Migration } from "./migration.js";

export const places: Migration = {
  version: 5,
  name: "places",
  sql: `
alter table meanwhile_jobs
  add column place integer; -- where the job stands, or stood last, among the ready ones of its type and priority

-- What a claim walks: one range per type, however many jobs are finished, delayed or of other types.
drop index meanwhile_jobs_waiting;

-- Jobs that are ready already take turns between their owners, each owner's in the order in which they were claimed so far.
update meanwhile_jobs
   set place = ranked.place
  from (select number, row_number() over (partition by type, priority, owner order by run_at, number) as place
          from meanwhile_jobs
         where readiness = 'ready') as ranked
 where meanwhile_jobs.number = ranked.number;

create index meanwhile_jobs_waiting on meanwhile_jobs (type, readiness, priority desc, place)
  where readiness is not null;

-- An owner's last ready job of a type and priority.
create index meanwhile_jobs_owner_ready on meanwhile_jobs (type, priority, owner, place)
  where readiness = 'ready';

-- How far the claims of a type and priority have come: who comes to an empty queue begins there.
create table meanwhile_queues (
  type text not null,
  priority integer not null,
  reached integer not null, -- the greatest place that a claim ever took
  primary key (type, priority)
) strict, without rowid;
`,
};
