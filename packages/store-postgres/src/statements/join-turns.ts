// Locks the queues of these keys and draws places in them: the last of `counts` new ones.
import { statement } from "./statement.js";

export type JoinTurns = [owners: readonly string[], keys: readonly string[], counts: readonly number[]];

/** Owners and keys must be sorted: they are locked in their order. */
export const joinTurns = statement<JoinTurns, [owner: string, key: string, lastTurn: number]>(
  "join_turns",
  `
  insert into meanwhile_turns as turns (owner, concurrency_key, last_turn)
  select owner, key, count
    from unnest($1::text[], $2::text[], $3::bigint[]) as batch (owner, key, count)
      on conflict (owner, concurrency_key) do update
     set last_turn = turns.last_turn + excluded.last_turn
  returning owner, concurrency_key, last_turn`,
);
