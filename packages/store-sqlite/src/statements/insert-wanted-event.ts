// An endpoint wants an event.
import { statement } from "./statement.js";

export const insertWantedEvent = statement<[event: string, owner: string, endpoint: number]>(`
  insert into meanwhile_wanted_events (event, owner, endpoint)
  values (?, ?, ?)`);
