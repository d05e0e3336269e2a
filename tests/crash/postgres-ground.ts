// A PostgreSQL server of their own under a herd of processes.
import { createPostgresStore } from "@meanwhile/store-postgres";
import pg from "pg";
import type { PostgresCluster } from "../harness/postgres-cluster.js";
import { type EventFact, type JobFact, type KeyFact, readJournal, type WitnessedLease } from "./audit/facts.js";
import type { Ground } from "./ground.js";

export async function preparePostgres(cluster: PostgresCluster): Promise<Ground> {
  const store = await createPostgresStore({ url: cluster.url });
  await store.migrate();
  await store.close();
  await cluster.query(`set search_path = meanwhile; ${WITNESS}`);
  const list = async <Row extends object>(sql: string): Promise<readonly Row[]> => {
    const client = new pg.Client({ connectionString: cluster.url, options: "-c search_path=meanwhile", types });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    address: cluster.url,
    countUnfinished: async () => (await list<{ left: number }>(UNFINISHED))[0]!.left,
    readFacts: async (journals) => ({
      integrity: await cluster.findDamage(),
      jobs: await list<JobFact>(JOBS),
      events: (await list<Omit<EventFact, "data"> & { data: string | null }>(EVENTS)).map((event) => ({
        ...event,
        data: event.data === null ? null : (JSON.parse(event.data) as Record<string, unknown>),
      })),
      orphanEvents: (await list<{ count: number }>(ORPHANS))[0]!.count,
      keys: await list<KeyFact>('select owner, key, job_id as "jobId" from meanwhile_idempotency_keys'),
      witnessed: await list<WitnessedLease>(
        'select id as "jobId", last_seq as "lastSeq", lease_token as "leaseToken" from witness join meanwhile_submissions using (number)',
      ),
      journal: journals.flatMap(readJournal),
    }),
    close: async () => {},
  };
}

const BIGINT = 20;
/** Counts and instants, all of which fit into a number. */
const types = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === BIGINT ? Number : pg.types.getTypeParser(oid, format as "text"),
} as pg.CustomTypesConfig;

/** Notes which lease every later change was written under: several changes of a batch are one update, under one lease. */
const WITNESS = `
  create table witness (number bigint, last_seq integer, lease_token text);
  create function witness_changes() returns trigger language plpgsql as $$
  begin
    insert into meanwhile.witness
    select old.number, seq, old.lease_token from generate_series(old.last_seq + 1, new.last_seq) as seq;
    return null;
  end $$;
  create trigger witness_changes after update on meanwhile_jobs
    for each row when (new.last_seq > old.last_seq) execute function witness_changes();`;

const UNFINISHED = `
  select (select count(*) from meanwhile_jobs where completed_at is null) +
         (select count(*) from meanwhile_deliveries where finished_at is null) as left`;

const JOBS = `
  select id, jobs.owner, status, attempt, max_attempts as "maxAttempts", last_seq as "lastSeq",
         lease_token is not null as "hasLease", readiness, cancel_requested_by as "cancelRequestedBy",
         concurrency_key as "concurrencyKey", created_at as "createdAt", started_at as "startedAt",
         updated_at as "updatedAt", completed_at as "completedAt", result
    from meanwhile_jobs as jobs
    join meanwhile_submissions using (number)
   order by number`;

/**
 * By the number that each drew when it was written. The place in the log (generation, transaction, number) is another order:
 * whoever began first may have waited for what a later one wrote.
 */
const EVENTS = `
  select event.number as position, submission.id as "jobId", event.seq, event.type, event.status, event.at, event.attempt, event.data
    from meanwhile_events as event
    join meanwhile_submissions as submission on submission.number = event.job
   order by event.number`;

const ORPHANS = `
  select count(*) as count
    from meanwhile_events
   where job not in (select number from meanwhile_jobs)`;
