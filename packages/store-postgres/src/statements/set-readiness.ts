// Makes delayed jobs ready, each in its place, or blocked.
import { beginningOf } from "./place-base.js";
import { statement } from "./statement.js";

export type SetReadiness = [
  numbers: readonly number[],
  readiness: readonly string[],
  turns: readonly (number | null)[],
];

export const setReadiness = statement<SetReadiness>(
  "set_readiness",
  `
  with drawn as materialized (
         select batch.number, batch.readiness, batch.turn,
                case batch.readiness
                  when 'ready'
                  then begun.base + row_number() over (partition by jobs.type, jobs.priority, jobs.owner, batch.readiness
                                                           order by batch.at)
                end as place
           from unnest($1::bigint[], $2::text[], $3::bigint[]) with ordinality as batch (number, readiness, turn, at)
           cross join lateral (select type, priority, owner
                                 from meanwhile_jobs
                                where number = batch.number
                               offset 0) as jobs${beginningOf("jobs")})
  update meanwhile_jobs as jobs
     set readiness = drawn.readiness,
         turn = drawn.turn,
         place = drawn.place
    from drawn
   where jobs.number = drawn.number`,
);
