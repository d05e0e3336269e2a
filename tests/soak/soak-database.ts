// The tables of a soak: a schema of its own, looked at past the store.
import { randomUUID } from "node:crypto";
import pg from "pg";
import type { EventFact, JobFact } from "../crash/audit/facts.js";
import { POSTGRES_URL } from "../harness/stores.js";

export interface TableSize {
  readonly table: string;
  readonly rows: number;
  /** With its indexes, and the room that waits to be used again. */
  readonly bytes: number;
}

export interface DatabaseSample {
  readonly at: number;
  readonly connections: number;
  readonly tables: readonly TableSize[];
}

export interface EndedJob {
  readonly job: JobFact;
  readonly events: readonly EventFact[];
}

export interface SoakDatabase {
  readonly url: string;
  readonly serverVersion: string;
  sample(): Promise<DatabaseSample>;
  /** Finished jobs that are still there, but for those that are known. */
  ended(isKnown: (jobId: string) => boolean): Promise<readonly EndedJob[]>;
  /** With all that is in it. */
  drop(): Promise<void>;
}

export async function createSoakDatabase(): Promise<SoakDatabase> {
  // Not a database: to make and to drop one waits for a checkpoint of all others on the server.
  const name = `meanwhile_soak_${randomUUID().slice(0, 8)}`;
  const url = new URL(POSTGRES_URL);
  url.searchParams.set("schema", name);
  url.searchParams.set("application_name", name);
  const options = `-c search_path=${name}`;
  const pool = new pg.Pool({ connectionString: POSTGRES_URL, options, max: 2, allowExitOnIdle: true });
  const all = async <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
    (await pool.query<Row>(sql, [...values])).rows;
  const [version] = await all<{ server_version: string }>("show server_version");
  return {
    url: url.href,
    serverVersion: version!.server_version,
    async sample() {
      const [connections, tables] = await Promise.all([
        all<{ count: number }>(CONNECTIONS, [name]),
        all<{ name: string; bytes: string }>(TABLES, [name]),
      ]);
      const counted = await Promise.all(
        tables.map(async ({ name: table, bytes }) => {
          const [row] = await all<{ count: number }>(`select count(*)::integer as count from ${table}`);
          return { table, rows: row!.count, bytes: Number(bytes) };
        }),
      );
      return { at: Date.now(), connections: connections[0]!.count, tables: counted };
    },
    async ended(isKnown) {
      const client = await pool.connect();
      try {
        // One picture: what is purged between the two questions would look like a job without events.
        await client.query("begin isolation level repeatable read read only");
        const jobs = (await client.query<JobRow>(ENDED)).rows.filter(({ id }) => !isKnown(id));
        const { rows: events } = await client.query<EventRow>(EVENTS, [jobs.map(({ number }) => number)]);
        return withEvents(jobs, events);
      } finally {
        await client.query("rollback");
        client.release();
      }
    },
    async drop() {
      await pool.query(`drop schema if exists ${name} cascade`);
      await pool.end();
    },
  };
}

function withEvents(jobs: readonly JobRow[], events: readonly EventRow[]): readonly EndedJob[] {
  const eventsOf = new Map<string, EventFact[]>(jobs.map(({ id }) => [id, []]));
  for (const event of events) {
    eventsOf.get(event.jobId)?.push({ ...event, data: event.data === null ? null : JSON.parse(event.data) });
  }
  return jobs.map(({ number: _, ...job }) => ({ job, events: eventsOf.get(job.id)! }));
}

interface JobRow extends JobFact {
  readonly number: string;
}

interface EventRow extends Omit<EventFact, "data"> {
  readonly data: string | null;
}

const CONNECTIONS = `
  select count(*)::integer as count
    from pg_stat_activity
   where application_name = $1`;

const TABLES = `
  select relname as name, pg_total_relation_size(oid) as bytes
    from pg_class
   where relnamespace = $1::regnamespace and relkind = 'r'
   order by relname`;

const ENDED = `
  select job.number, submission.id, job.owner, job.status, job.attempt, submission.max_attempts as "maxAttempts",
         job.last_seq as "lastSeq", job.lease_token is not null as "hasLease", job.readiness,
         job.cancel_requested_by as "cancelRequestedBy", job.concurrency_key as "concurrencyKey",
         submission.created_at::double precision as "createdAt", job.started_at::double precision as "startedAt",
         job.updated_at::double precision as "updatedAt", job.completed_at::double precision as "completedAt", job.result
    from meanwhile_jobs as job
    join meanwhile_submissions as submission using (number)
   where job.completed_at is not null`;

const EVENTS = `
  select event.number::double precision as position, submission.id as "jobId", event.seq, event.type, event.status,
         event.at::double precision as at, event.attempt, event.data
    from meanwhile_events as event
    join meanwhile_submissions as submission on submission.number = event.job
   where event.job = any($1::bigint[])
   order by event.job, event.seq`;
