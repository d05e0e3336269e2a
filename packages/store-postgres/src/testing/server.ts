// The PostgreSQL server that tests run on, and a schema of their own for each.
import { randomUUID } from "node:crypto";
import type { Store } from "@meanwhile/core";
import pg from "pg";
import { describe, it } from "vitest";
import { createPostgresStore } from "../postgres-store.js";

/** `MEANWHILE_TEST_POSTGRES_URL`, or the usual server of this machine. */
export const SERVER_URL = process.env.MEANWHILE_TEST_POSTGRES_URL ?? "postgres://postgres@127.0.0.1:5432/postgres";

/** `undefined` where a server answers; otherwise why its tests cannot run. Under CI they then fail. */
export const whyNoServer: string | undefined = await look();

async function look(): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: SERVER_URL, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    await client.end();
    return undefined;
  } catch (error) {
    if (process.env.CI === "true") throw error;
    return `no PostgreSQL server answers at MEANWHILE_TEST_POSTGRES_URL (${(error as Error).message})`;
  }
}

/** A suite that needs the server: without one it is one skipped test, by its name and with the reason. */
export function describeOnServer(name: string, body: () => void): void {
  if (whyNoServer === undefined) describe(name, body);
  else it(name, ({ skip }) => skip(whyNoServer));
}

export const newSchema = (): string => `meanwhile_test_${randomUUID().slice(0, 8)}`;

/** Runs SQL as somebody else would, on a connection of its own. */
export async function runSql(sql: string, values: readonly unknown[] = []): Promise<readonly unknown[][]> {
  return (await others.query<unknown[]>({ text: sql, values: [...values], rowMode: "array" })).rows as unknown[][];
}

// Lets the process end while its connections are idle.
const others = new pg.Pool({ connectionString: SERVER_URL, max: 2, allowExitOnIdle: true });

const free: string[] = [];

/**
 * A schema with empty tables, one that was given back where there is one: making some twenty tables for each test takes longer
 * than the test. Numbers that the server draws go on from where they were.
 */
export async function takeSchema(): Promise<string> {
  const known = free.pop();
  if (known !== undefined) return known;
  const { store, schema } = await openMigrated();
  await store.close();
  return schema;
}

/** Empties the tables for the next one who takes a schema, and drops the user's; nobody may have a store open there. */
export async function giveBackSchema(schema: string): Promise<void> {
  const tables = await runSql(
    `select format(case when tablename like 'meanwhile_%' then 'delete from %I.%I' else 'drop table %I.%I' end,
                   schemaname, tablename)
       from pg_tables
      where schemaname = $1 and tablename not in ('meanwhile_migrations', 'meanwhile_generations')`,
    [schema],
  );
  await runSql(tables.flat().join(";"));
  free.push(schema);
}

export async function dropFreeSchemas(): Promise<void> {
  for (const schema of free.splice(0)) await runSql(`drop schema if exists ${schema} cascade`);
}

/** A store with tables of its own; `close` removes them. */
export async function openMigrated(
  schema = newSchema(),
): Promise<{ store: Store; schema: string; close(): Promise<void> }> {
  const store = await createPostgresStore({ url: SERVER_URL, schema, poolSize: 4 });
  await store.migrate();
  return {
    store,
    schema,
    async close() {
      await store.close();
      await runSql(`drop schema if exists ${schema} cascade`);
    },
  };
}
