// An endpoint wants these events.
import { statement } from "./statement.js";

export const insertWantedEvents = statement<[events: readonly string[], owner: string, endpoint: number]>(
  "insert_wanted_events",
  `
  insert into meanwhile_wanted_events (event, owner, endpoint)
  select event, $2, $3::bigint
    from unnest($1::text[]) as batch (event)
      on conflict do nothing`,
);
