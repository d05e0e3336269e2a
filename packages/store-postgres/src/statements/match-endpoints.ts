// Which endpoints want this event of these jobs.
import { statement } from "./statement.js";

export type MatchedEndpointRow = [
  /** Of the job in the list that was asked for. */
  index: number,
  id: string,
  channel: string,
  url: string,
];

export const matchEndpoints = statement<[jobs: readonly number[], event: string], MatchedEndpointRow>(
  "match_endpoints",
  `
  select wanted.place - 1, endpoints.id, endpoints.channel, endpoints.url
    from unnest($1::bigint[]) with ordinality as wanted (job, place)
    cross join lateral (select owner, type
                          from meanwhile_jobs
                         where number = wanted.job
                        offset 0) as jobs
    cross join lateral (select endpoint
                          from meanwhile_wanted_events
                         where event = $2
                           and owner = jobs.owner
                        offset 0) as wishes
    cross join lateral (select number, id, channel, url, types
                          from meanwhile_webhook_endpoints
                         where number = wishes.endpoint
                        offset 0) as endpoints
   where endpoints.types is null
      or exists (select 1 from json_array_elements_text(endpoints.types::json) as types (name) where types.name = jobs.type)
   order by wanted.place, endpoints.number`,
);
