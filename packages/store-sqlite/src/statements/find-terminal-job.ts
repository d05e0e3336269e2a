// What a purge needs to know of a terminal job.
import { statement } from "./statement.js";

export type TerminalJobRow = [number: number, owner: string, retentionMs: number, idempotencyKey: string | null];

export const findTerminalJob = statement<[id: string], TerminalJobRow>(`
  select number, owner, retention_ms, idempotency_key
    from meanwhile_jobs
   where id = ?
     and completed_at is not null`);
