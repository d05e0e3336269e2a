// Which of these kinds of events anybody wants at all.
import { statement } from "./statement.js";

export const findInterest = statement<
  [events: readonly string[]],
  [event: string, ofEndpoints: boolean, ofJobs: boolean]
>(
  "find_interest",
  `
  select batch.event,
         exists (select 1
                   from meanwhile_wanted_events
                  where event = batch.event
                 offset 0),
         exists (select 1
                   from meanwhile_job_webhooks)
    from unnest($1::text[]) as batch (event)`,
);
