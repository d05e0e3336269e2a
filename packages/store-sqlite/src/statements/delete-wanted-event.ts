// An endpoint wants an event no more.
import { statement } from "./statement.js";

export const deleteWantedEvent = statement<[event: string, owner: string, endpoint: number]>(`
  delete from meanwhile_wanted_events
   where event = ?
     and owner = ?
     and endpoint = ?`);
