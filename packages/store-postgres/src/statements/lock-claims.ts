// Takes the right to claim jobs of limited types until the transaction ends; others are let alone who have it now.
import { statement } from "./statement.js";

export const lockClaims = statement<[types: readonly string[]], [type: string]>(
  "lock_claims",
  `
  select type
    from unnest($1::text[]) as wanted (type)
   where pg_try_advisory_xact_lock(hashtextextended('meanwhile claims of ' || current_schema() || ' ' || type, 0))`,
);
