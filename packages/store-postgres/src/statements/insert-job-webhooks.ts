// Notes the targets that new jobs name.
import { statement } from "./statement.js";

/** One row of the batch. */
export type InsertJobWebhooks = [job: number, url: string, events: string, secret: string | null];

/** A list per column: see `columnsOf`. */
export const insertJobWebhooks = statement<[...columns: readonly unknown[][]], never>(
  "insert_job_webhooks",
  `
  insert into meanwhile_job_webhooks
         (job, url, events, secret)
  select batch.job, batch.url, batch.events, batch.secret
    from unnest($1::bigint[], $2::text[], $3::text[], $4::text[])
         with ordinality as batch (job, url, events, secret, place)
   order by batch.place`,
);
