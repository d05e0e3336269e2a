// A SQLite file under a herd of processes.
import { join } from "node:path";
import { createSqliteStore } from "@meanwhile/store-sqlite";
import { openSql } from "../harness/sql.js";
import { type EventFact, type JobFact, type KeyFact, readJournal, type WitnessedLease } from "./audit/facts.js";
import type { Ground } from "./ground.js";

export async function prepareSqlite(folder: string): Promise<Ground> {
  const file = join(folder, "meanwhile.db");
  const store = await createSqliteStore({ file });
  await store.migrate();
  await store.close();
  const sql = openSql(file);
  sql.exec(WITNESS);
  return {
    address: `sqlite:${file}`,
    countUnfinished: async () => sql.all<{ left: number }>(UNFINISHED)[0]!.left,
    readFacts: async (journals) => ({
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
    }),
    close: async () => sql.close(),
  };
}

/** Notes which lease every later change was written under. */
const WITNESS = `
  create table if not exists witness (job_id text, last_seq integer, lease_token text);
  create trigger if not exists witness_changes after update of last_seq on meanwhile_jobs
  when new.last_seq > old.last_seq
  begin
    insert into witness values (old.id, new.last_seq, old.lease_token);
  end;`;

const UNFINISHED = `
  select (select count(*) from meanwhile_jobs where completed_at is null) +
         (select count(*) from meanwhile_deliveries where finished_at is null) as left`;

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
