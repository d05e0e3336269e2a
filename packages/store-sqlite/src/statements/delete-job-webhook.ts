// Erases the target that a job named.
import { statement } from "./statement.js";

export const deleteJobWebhook = statement<[job: number]>(`
  delete from meanwhile_job_webhooks
   where job = ?`);
