// Whose events have gone behind a position.
import { statement } from "./statement.js";

export const findPurgedPositions = statement<[after: number], [owner: string, position: number]>(`
  select owner, position
    from meanwhile_purged_positions indexed by meanwhile_purged_positions_position
   where position > ?`);
