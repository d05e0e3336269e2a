// Appends one event to the log.
import type { SqlValue } from "../driver/driver.js";
import { statement } from "./statement.js";

export type InsertEvent = [
  position: number,
  job: number,
  seq: number,
  type: string,
  status: string,
  at: number,
  attempt: number,
  dataFormat: string | null,
  data: SqlValue,
];

export const insertEvent = statement<InsertEvent>(`
  insert into meanwhile_events (position, job, seq, type, status, at, attempt, data_format, data)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
