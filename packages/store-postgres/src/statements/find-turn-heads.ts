// Whose turn it is in the queues of these keys.
import { statement } from "./statement.js";

export type FindTurnHeads = [owners: readonly string[], keys: readonly string[]];

export const findTurnHeads = statement<FindTurnHeads, [owner: string, key: string, turn: number]>(
  "find_turn_heads",
  `
  select batch.owner, batch.key, head.turn
    from unnest($1::text[], $2::text[]) as batch (owner, key)
    cross join lateral (select turn
                          from meanwhile_jobs
                         where owner = batch.owner
                           and concurrency_key = batch.key
                           and turn is not null
                         order by turn
                         limit 1) as head`,
);
