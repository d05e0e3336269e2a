// Stores new jobs that differ in nothing but their content: one statement for all, at half the price of one for each.
import { statement } from "./statement.js";

/**
 * The jobs are a JSON object, from the id, a space and the request's id (none: nothing) to the parameters; they take
 * consecutive numbers in its order.
 */
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
  /** Of the first; `null` where they are not ready. */
  place: number | null,
  jobs: string,
];

/** Of a job's id, a UUID. */
export const ID_LENGTH = 36;

// A member of an object comes as it is, and a value of an array inside would be parsed once more, for each of its values.
export const insertPlainJobs = statement<InsertPlainJobs>(`
  insert into meanwhile_jobs
         (id, owner, type, status, readiness, priority, run_at, attempt, max_attempts, last_seq,
          created_at, updated_at, start_by, complete_by, timeout_ms, retention_ms, place, request_id, parameters)
  select substr(key, 1, ${ID_LENGTH}), ?, ?, 'PENDING', ?, ?, ?, 0, ?, 1,
         ?, ?, ?, ?, ?, ?, ? - 1 + row_number() over (), nullif(substr(key, ${ID_LENGTH + 2}), ''), value
    from json_each(?)`);
