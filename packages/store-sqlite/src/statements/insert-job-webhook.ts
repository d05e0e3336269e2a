// The target that a new job names itself.
import { statement } from "./statement.js";

export type InsertJobWebhook = [job: number, url: string, events: string, secret: string | null];

export const insertJobWebhook = statement<InsertJobWebhook>(`
  insert into meanwhile_job_webhooks (job, url, events, secret)
  values (?, ?, ?, ?)`);
