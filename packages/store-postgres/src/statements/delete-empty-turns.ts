// Forgets queues that nobody stands in; their rows must be locked.
import { statement } from "./statement.js";

export const deleteEmptyTurns = statement<[owners: readonly string[], keys: readonly string[]]>(
  "delete_empty_turns",
  `
  delete from meanwhile_turns as turns
   using unnest($1::text[], $2::text[]) as batch (owner, key)
   where turns.owner = batch.owner
     and turns.concurrency_key = batch.key
     and not exists (select 1
                       from meanwhile_jobs
                      where owner = batch.owner
                        and concurrency_key = batch.key
                        and turn is not null
                     offset 0)`,
);
