// What the auditor looks at: the rows and events of a stopped system, as plain data.
import { readFileSync } from "node:fs";
import { openSql } from "../../harness/sql.js";
import type { JournalEntry } from "../../program/journal.js";

export interface JobFact {
  readonly id: string;
  readonly owner: string;
  readonly status: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly lastSeq: number;
  readonly hasLease: boolean;
  readonly readiness: string | null;
  readonly cancelRequestedBy: string | null;
  readonly concurrencyKey: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly updatedAt: number;
  readonly completedAt: number | null;
  readonly result: string | null;
}

export interface EventFact {
  readonly position: number;
  readonly jobId: string;
  readonly seq: number;
  readonly type: string;
  readonly status: string;
  readonly at: number;
  readonly attempt: number;
  readonly data: Record<string, unknown> | null;
}

export interface KeyFact {
  readonly owner: string;
  readonly key: string;
  readonly jobId: string;
}

/** Under which lease a change was written that drew `lastSeq`: noted by a trigger, inside the same transaction. */
export interface WitnessedLease {
  readonly jobId: string;
  readonly lastSeq: number;
  readonly leaseToken: string | null;
}

export interface Facts {
  readonly integrity: readonly string[];
  readonly jobs: readonly JobFact[];
  /** In the order of their positions. */
  readonly events: readonly EventFact[];
  /** Events whose job is not there. */
  readonly orphanEvents: number;
  /** `undefined` where the store cannot be looked into. */
  readonly keys: readonly KeyFact[] | undefined;
  readonly witnessed: readonly WitnessedLease[];
  /** What the workers were told they had written. */
  readonly journal: readonly JournalEntry[];
}

/** Makes the file note which lease every later change was written under. */
export function installWitness(file: string): void {
  const sql = openSql(file);
  try {
    sql.exec(`
      create table if not exists witness (job_id text, last_seq integer, lease_token text);
      create trigger if not exists witness_changes after update of last_seq on meanwhile_jobs
      when new.last_seq > old.last_seq
      begin
        insert into witness values (old.id, new.last_seq, old.lease_token);
      end;`);
  } finally {
    sql.close();
  }
}

export function readFacts(file: string, journals: readonly string[]): Facts {
  const sql = openSql(file);
  try {
    return {
      integrity: sql.all<{ integrity_check: string }>("pragma integrity_check").map((row) => row.integrity_check),
      jobs: sql.all<Omit<JobFact, "hasLease"> & { lease: string | null }>(JOBS).map(({ lease, ...job }) => ({
        ...job,
        hasLease: lease !== null,
      })),
      events: sql.all<Omit<EventFact, "data"> & { data: string | null }>(EVENTS).map((event) => ({
        ...event,
        data: event.data === null ? null : (JSON.parse(event.data) as Record<string, unknown>),
      })),
      orphanEvents: sql.all<{ count: number }>(ORPHANS)[0]!.count,
      keys: sql.all<KeyFact>("select owner, key, job_id as jobId from meanwhile_idempotency_keys"),
      witnessed: sql.all<WitnessedLease>(
        "select job_id as jobId, last_seq as lastSeq, lease_token as leaseToken from witness",
      ),
      journal: journals.flatMap(readJournal),
    };
  } finally {
    sql.close();
  }
}

const JOBS = `
  select id, owner, status, attempt, max_attempts as maxAttempts, last_seq as lastSeq, lease_token as lease, readiness,
         cancel_requested_by as cancelRequestedBy, concurrency_key as concurrencyKey, created_at as createdAt,
         started_at as startedAt, updated_at as updatedAt, completed_at as completedAt, cast(result as text) as result
    from meanwhile_jobs
   order by number`;

const EVENTS = `
  select event.position, job.id as jobId, event.seq, event.type, event.status, event.at, event.attempt,
         cast(event.data as text) as data
    from meanwhile_events event
    join meanwhile_jobs job on job.number = event.job
   order by event.position`;

const ORPHANS = `
  select count(*) as count
    from meanwhile_events
   where job not in (select number from meanwhile_jobs)`;

function readJournal(file: string): readonly JournalEntry[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line) as JournalEntry);
}
