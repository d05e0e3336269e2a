// Appends one line to a job's log.
import { statement } from "./statement.js";

export type InsertLogLine = [
  job: number,
  seq: number,
  at: number,
  level: string,
  attempt: number,
  message: string,
  fields: string | null,
];

export const insertLogLine = statement<InsertLogLine>(`
  insert into meanwhile_job_logs (job, seq, at, level, attempt, message, fields)
  values (?, ?, ?, ?, ?, ?, ?)`);
