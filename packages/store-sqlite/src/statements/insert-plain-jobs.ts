// Stores new jobs that differ in nothing but their content: one statement for all, at half the price of one for each.
import { statement } from "./statement.js";

/** The jobs are a JSON array of `[id, parameters, requestId]`; they take consecutive numbers in its order. */
export type InsertPlainJobs = [
  owner: string,
  type: string,
  readiness: string | null,
  priority: number,
  runAt: number,
  maxAttempts: number,
  createdAt: number,
  updatedAt: number,
  startBy: number | null,
  completeBy: number | null,
  timeoutMs: number | null,
  retentionMs: number,
  jobs: string,
];

// Every value that is taken out of the JSON costs as much as three columns: only what really differs is in it.
export const insertPlainJobs = statement<InsertPlainJobs>(`
  insert into meanwhile_jobs
         (id, owner, type, status, readiness, priority, run_at, attempt, max_attempts, last_seq,
          created_at, updated_at, start_by, complete_by, timeout_ms, retention_ms, request_id, parameters)
  select value ->> 0, ?, ?, 'PENDING', ?, ?, ?, 0, ?, 1,
         ?, ?, ?, ?, ?, ?, value ->> 2, value ->> 1
    from json_each(?)`);
