// A store's address leads to the store.
import { randomUUID } from "node:crypto";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { openStore } from "./open-store.js";

const SERVER_URL = process.env.MEANWHILE_TEST_POSTGRES_URL ?? "postgres://postgres@127.0.0.1:5432/postgres";

describe("openStore", () => {
  it("refuses an address of another kind, says what would do, and shows no password", async () => {
    const refusal = openStore("mysql://app:secret@localhost/app");

    await expect(refusal).rejects.toThrow(/sqlite:<path>.*postgres:\/\//);
    await expect(refusal).rejects.not.toThrow(/secret/);
  });

  it("opens PostgreSQL in the schema that the address names", async ({ skip }) => {
    const schema = `meanwhile_test_${randomUUID().slice(0, 8)}`;
    const client = new pg.Client({ connectionString: SERVER_URL, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
    } catch (error) {
      if (process.env.CI === "true") throw error;
      skip(`no PostgreSQL server answers at MEANWHILE_TEST_POSTGRES_URL (${(error as Error).message})`);
    }
    const url = new URL(SERVER_URL);
    url.searchParams.set("schema", schema);

    const store = await openStore(url.href);
    await store.migrate();

    expect((await store.check()).ok).toBe(true);
    const { rows } = await client.query("select 1 from pg_tables where schemaname = $1 limit 1", [schema]);
    expect(rows).toHaveLength(1);
    await store.close();
    await client.query(`drop schema ${schema} cascade`);
    await client.end();
  });
});
