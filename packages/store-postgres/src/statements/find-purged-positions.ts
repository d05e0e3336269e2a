// Whose events are missing behind a position.
import { statement } from "./statement.js";

export const findPurgedPositions = statement<
  [generation: number, tx: number, number: number],
  [owner: string, generation: number, tx: number, number: number]
>(
  "find_purged_positions",
  `
  select owner, generation, tx, number
    from meanwhile_purged_positions
   where (generation, tx, number) > ($1::integer, $2::bigint, $3::bigint)`,
);
