// Locks the queues of these keys.
import { statement } from "./statement.js";

/** Owners and keys must be sorted: they are locked in their order. */
export const lockTurns = statement<[owners: readonly string[], keys: readonly string[]], [locked: 1]>(
  "lock_turns",
  `
  select 1
    from unnest($1::text[], $2::text[]) as batch (owner, key)
    cross join lateral (select 1
                          from meanwhile_turns
                         where owner = batch.owner
                           and concurrency_key = batch.key
                        offset 0
                           for update) as turns`,
);
