// Whether anybody may want an event: what a transaction asks before it matches anything.
import { statement } from "./statement.js";

export const findInterest = statement<[event: string], [ofEndpoints: 0 | 1, ofJobs: 0 | 1]>(`
  select exists (select 1 from meanwhile_wanted_events where event = ?),
         exists (select 1 from meanwhile_job_webhooks)`);
