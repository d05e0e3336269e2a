// An endpoint wants these events no more.
import { statement } from "./statement.js";

export const deleteWantedEvents = statement<[events: readonly string[], owner: string, endpoint: number]>(
  "delete_wanted_events",
  `
  delete from meanwhile_wanted_events
   where event = any ($1::text[])
     and owner = $2
     and endpoint = $3::bigint`,
);
