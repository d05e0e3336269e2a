// Makes delayed jobs ready or blocked.
import { statement } from "./statement.js";

export type SetReadiness = [
  numbers: readonly number[],
  readiness: readonly string[],
  turns: readonly (number | null)[],
];

export const setReadiness = statement<SetReadiness>(
  "set_readiness",
  `
  update meanwhile_jobs as jobs
     set readiness = batch.readiness,
         turn = batch.turn
    from unnest($1::bigint[], $2::text[], $3::bigint[]) as batch (number, readiness, turn)
   where jobs.number = batch.number`,
);
