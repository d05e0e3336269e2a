// The endpoints that want an event of these jobs.
import { statement } from "./statement.js";

export type MatchedEndpointRow = [
  /** Of the job in the array that was asked for. */
  index: number,
  id: string,
  channel: string,
  url: string,
];

/** The jobs are a JSON array of their numbers. */
export const matchEndpoints = statement<[jobs: string, event: string], MatchedEndpointRow>(`
  select wanted.key,
         endpoints.id,
         endpoints.channel,
         endpoints.url
    from json_each(?) as wanted
    cross join meanwhile_jobs as jobs -- cross: from the jobs to who wants their events, never the other way round
    cross join meanwhile_wanted_events as wishes
    cross join meanwhile_webhook_endpoints as endpoints
   where jobs.number = wanted.value
     and wishes.event = ?
     and wishes.owner = jobs.owner
     and endpoints.number = wishes.endpoint
     and (endpoints.types is null
          or exists (select 1 from json_each(endpoints.types) where value = jobs.type))`);
