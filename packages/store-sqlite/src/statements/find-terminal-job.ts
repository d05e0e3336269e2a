// What a purge needs to know of a terminal job.
import { statement } from "./statement.js";

export interface TerminalJobRow {
  readonly number: number;
  readonly owner: string;
  readonly retention_ms: number;
  readonly idempotency_key: string | null;
}

export const findTerminalJob = statement<[id: string], TerminalJobRow>(`
  select number, owner, retention_ms, idempotency_key
    from meanwhile_jobs
   where id = ?
     and completed_at is not null`);
