// The stores that the end-to-end tests run on, and for each test or file one of its own.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import pg from "pg";
import { afterAll, describe, it, onTestFinished } from "vitest";
import { suiteFolder, testFolder } from "./folder.js";
import { openSql } from "./sql.js";

export interface StoreKind {
  readonly name: "SQLite" | "PostgreSQL";
  /** Why nothing can be tested on it here; `undefined` where it can. Under CI it then is an error. */
  readonly whyNot: string | undefined;
  open(folder: string): TestStore;
}

/** A store without tables: the first process that opens it makes them. */
export interface TestStore {
  /** As `MEANWHILE_STORE` has it. */
  readonly url: string;
  /**
   * The job's last `seq` in the tables, whoever serves, that a reader of all jobs may see; 0 where there is no such job. On PostgreSQL
   * a transaction of anybody on that server holds such readers up.
   */
  lastSeq(jobId: string): Promise<number>;
  /** Takes its tables away, where they are not in the folder. */
  remove(): Promise<void>;
}

/** Where processes of a test have their data. */
export interface Home {
  readonly folder: string;
  readonly store: TestStore;
}

/** `MEANWHILE_TEST_POSTGRES_URL`, or the usual server of this machine. */
export const POSTGRES_URL = process.env.MEANWHILE_TEST_POSTGRES_URL ?? "postgres://postgres@127.0.0.1:5432/postgres";

export const SQLITE: StoreKind = { name: "SQLite", whyNot: undefined, open: openSqlite };
export const POSTGRES: StoreKind = { name: "PostgreSQL", whyNot: await lookForPostgres(), open: openPostgres };

/** The same tests on each store; by name skipped, with the reason, on one that is not there. */
export function describeOnEveryStore(tests: (kind: StoreKind) => void): void {
  for (const kind of [SQLITE, POSTGRES]) describeOnStore(kind, tests);
}

export function describeOnStore(kind: StoreKind, tests: (kind: StoreKind) => void): void {
  const { name, whyNot } = kind;
  describe(`on ${name}`, () => {
    if (whyNot === undefined) tests(kind);
    else it("all tests", ({ skip }) => skip(whyNot));
  });
}

/** For one test. */
export function testHome(kind: StoreKind): Home {
  const folder = testFolder();
  const store = kind.open(folder);
  onTestFinished(() => store.remove());
  return { folder, store };
}

/** For all tests of a `describe`; to be called at its top, before its own hooks: they end first. */
export function suiteHome(kind: StoreKind): Home {
  const folder = suiteFolder();
  const store = kind.open(folder);
  afterAll(() => store.remove());
  return { folder, store };
}

function openSqlite(folder: string): TestStore {
  const file = join(folder, "meanwhile.db");
  let sql: ReturnType<typeof openSql> | undefined;
  return {
    url: `sqlite:${file}`,
    async lastSeq(jobId) {
      sql ??= openSql(file);
      return sql.all<{ seq: number }>("select last_seq as seq from meanwhile_jobs where id = ?", jobId)[0]?.seq ?? 0;
    },
    async remove() {
      sql?.close();
    },
  };
}

function openPostgres(): TestStore {
  const schema = `meanwhile_test_${randomUUID().slice(0, 8)}`;
  const url = new URL(POSTGRES_URL);
  url.searchParams.set("schema", schema);
  const pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 1, allowExitOnIdle: true });
  return {
    url: url.href,
    async lastSeq(jobId) {
      const { rows } = await pool.query(
        `select max(seq) as seq
           from ${schema}.meanwhile_events
          where job = (select number from ${schema}.meanwhile_submissions where id = $1)
            and (generation, tx) < ((select max(generation) from ${schema}.meanwhile_generations),
                                    (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint))`,
        [jobId],
      );
      return Number(rows[0]?.seq ?? 0);
    },
    async remove() {
      await pool.query(`drop schema if exists ${schema} cascade`);
      await pool.end();
    },
  };
}

async function lookForPostgres(): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    await client.end();
    return undefined;
  } catch (error) {
    if (process.env.CI === "true") throw error;
    return `no PostgreSQL server answers at MEANWHILE_TEST_POSTGRES_URL (${(error as Error).message})`;
  }
}
