// Appends the same event for many jobs: what a batch mostly consists of, at a third of the price.
import type { SqlValue } from "../driver/driver.js";
import { statement } from "./statement.js";

/** The jobs are a JSON array of their numbers; their events take consecutive positions in its order. */
export type InsertEvents = [
  firstPosition: number,
  seq: number,
  type: string,
  status: string,
  at: number,
  attempt: number,
  dataFormat: string | null,
  data: SqlValue,
  jobs: string,
];

export const insertEvents = statement<InsertEvents>(`
  insert into meanwhile_events (position, job, seq, type, status, at, attempt, data_format, data)
  select ? + key, value, ?, ?, ?, ?, ?, ?, ?
    from json_each(?)`);
