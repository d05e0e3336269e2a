// Whether an event was stored by the transaction that says so. After a crash another one may have its id: the event itself decides.
import { statement } from "./statement.js";

export type FindOwnEvent = [job: number, seq: number, xid: string, type: string, at: number, attempt: number];

export const findOwnEvent = statement<FindOwnEvent, [seq: number]>(
  "find_own_event",
  `
  select seq
    from meanwhile_events
   where job = $1
     and seq = $2
     and tx = $3::text::bigint
     and type = $4
     and at = $5
     and attempt = $6`,
);
