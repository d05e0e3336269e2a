// Locks the finished ones of these jobs; what somebody is writing now is left alone.
import { statement } from "./statement.js";

export type TerminalJobRow = [
  id: string,
  number: number,
  owner: string,
  retentionMs: number,
  idempotencyKey: string | null,
];

/** The ids must be sorted. */
export const lockTerminalJobs = statement<[ids: readonly string[]], TerminalJobRow>(
  "lock_terminal_jobs",
  `
  select submissions.id, submissions.number, submissions.owner, submissions.retention_ms, submissions.idempotency_key
    from unnest($1::text[]) as batch (id)
    cross join lateral (select number
                          from meanwhile_submissions
                         where id = batch.id
                        offset 0) as found
    cross join lateral (select number
                          from meanwhile_jobs
                         where number = found.number
                           and completed_at is not null
                        offset 0
                           for update skip locked) as jobs
    cross join lateral (select id, number, owner, retention_ms, idempotency_key
                          from meanwhile_submissions
                         where number = jobs.number
                        offset 0
                           for update skip locked) as submissions`,
);
