// The targets of their own that want an event of these jobs.
import { statement } from "./statement.js";

export type MatchedJobWebhookRow = [
  /** Of the job in the array that was asked for. */
  index: number,
  url: string,
  secret: string | null,
];

/** The jobs are a JSON array of their numbers. */
export const matchJobWebhooks = statement<[jobs: string, event: string], MatchedJobWebhookRow>(`
  select wanted.key,
         webhooks.url,
         webhooks.secret
    from json_each(?) as wanted
    cross join meanwhile_job_webhooks as webhooks
   where webhooks.job = wanted.value
     and exists (select 1 from json_each(webhooks.events) where value = ?)`);
