// Which of these jobs want this event sent to a target of their own.
import { statement } from "./statement.js";

export type MatchedJobWebhookRow = [
  /** Of the job in the list that was asked for. */
  index: number,
  url: string,
  secret: string | null,
];

export const matchJobWebhooks = statement<[jobs: readonly number[], event: string], MatchedJobWebhookRow>(
  "match_job_webhooks",
  `
  select wanted.place - 1, webhooks.url, webhooks.secret
    from unnest($1::bigint[]) with ordinality as wanted (job, place)
    cross join lateral (select url, secret, events
                          from meanwhile_job_webhooks
                         where job = wanted.job
                        offset 0) as webhooks
   where exists (select 1 from json_array_elements_text(webhooks.events::json) as events (name) where events.name = $2)
   order by wanted.place`,
);
