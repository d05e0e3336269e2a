// Forgets the targets that jobs named.
import { statement } from "./statement.js";

export const deleteJobWebhooks = statement<[jobs: readonly number[]]>(
  "delete_job_webhooks",
  `
  delete from meanwhile_job_webhooks
   where job = any ($1::bigint[])`,
);
