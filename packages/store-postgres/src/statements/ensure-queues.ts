// Notes for the first time how far the claims of a type and priority have come; from then on the claims do so themselves.
import { statement } from "./statement.js";

export type EnsureQueues = [types: readonly string[], priorities: readonly number[], places: readonly number[]];

/** Sorted by type and priority, as all rows that are locked. */
export const ensureQueues = statement<EnsureQueues>(
  "ensure_queues",
  `
  insert into meanwhile_queues as queues (type, priority, reached)
  select type, priority, place
    from unnest($1::text[], $2::integer[], $3::bigint[]) as batch (type, priority, place)
      on conflict (type, priority) do update
     set reached = greatest(queues.reached, excluded.reached)`,
);
