// What a server's state is worth saying to a person; and that a real server tells it.
import { until } from "@meanwhile/store-testkit";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { createPostgresStore } from "./postgres-store.js";
import { findServerWarnings } from "./server-warnings.js";
import type { ServerStateRow } from "./statements/read-server-state.js";
import { describeOnServer, openMigrated, runSql, SERVER_URL } from "./testing/server.js";

const own = { connections: 11, migrations: 1 };

const HEALTHY: ServerStateRow = ["on", "on", "on", 1, 97, 12, null, null];

/** The healthy one with other values at some places. */
function stateWith(changes: Partial<Record<number, unknown>>): ServerStateRow {
  return HEALTHY.map((value, index) => (index in changes ? changes[index] : value)) as ServerStateRow;
}

describe("warnings about a server", () => {
  it.each([
    ["stock settings and room", {}, []],
    ["a commit that waits for replicas", { 0: "remote_apply" }, []],
    ["fsync off", { 1: "off" }, [/^fsync is off/]],
    ["full_page_writes off", { 2: "off" }, [/^full_page_writes is off/]],
    ["synchronous_commit off", { 0: "off" }, [/^synchronous_commit is off/]],
    ["tables of an older version", { 3: 0 }, [/seen 0 of 1 migrations/]],
    ["room for one more process exactly", { 5: 86 }, []],
    ["no room for one more process", { 5: 87 }, [/^87 of 97 are in use, and one process opens up to 11/]],
    ["a writer of ten seconds", { 6: "session 7", 7: 10_000 }, []],
    ["a writer of more", { 6: "session 7", 7: 61_000 }, [/^session 7 has been writing for 61 s/]],
  ] satisfies readonly [string, Partial<Record<number, unknown>>, readonly RegExp[]][])(
    "%s",
    (_, changes, expected) => {
      const messages = findServerWarnings(stateWith(changes), own).map(({ message }) => message);

      expect(messages).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
    },
  );
});

describeOnServer("check() of a real server", () => {
  const openStore = async (options: { url?: string; schema: string; poolSize?: number }) => {
    const store = await createPostgresStore({ url: SERVER_URL, ...options });
    onTestFinished(() => store.close());
    return store;
  };
  const openSchema = async () => {
    const opened = await openMigrated();
    onTestFinished(() => opened.close());
    return opened.schema;
  };

  it("tells that commits do not wait for the disk", async () => {
    const url = new URL(SERVER_URL);
    url.searchParams.set("options", "-c synchronous_commit=off");
    const store = await openStore({ url: url.href, schema: await openSchema() });

    expect(await store.check()).toMatchObject({
      ok: true,
      facts: { synchronousCommit: "off" },
      warnings: expect.arrayContaining([expect.objectContaining({ name: "durability" })]),
    });
  });

  it("tells that there is no room for the connections of one more process", async () => {
    const store = await openStore({ schema: await openSchema(), poolSize: 1_000 });

    expect(await store.check()).toMatchObject({
      warnings: expect.arrayContaining([
        { name: "connections", message: expect.stringContaining("up to 1001"), advice: expect.any(String) },
      ]),
    });
  });

  it("tells which migrations are missing", async () => {
    const schema = await openSchema();
    const store = await openStore({ schema });
    await runSql(`delete from ${schema}.meanwhile_migrations`);

    expect(await store.check()).toMatchObject({
      warnings: expect.arrayContaining([expect.objectContaining({ name: "migrations" })]),
    });
  });

  it("tells for how long the oldest writer has held up the log's readers", async () => {
    const store = await openStore({ schema: await openSchema() });
    const writer = new pg.Client({ connectionString: SERVER_URL });
    await writer.connect();
    onTestFinished(() => writer.end());
    await writer.query("begin");
    await writer.query("select pg_current_xact_id()");

    // Others of this server may hold readers up for longer still.
    const held = async () => {
      const health = await store.check();
      return health.ok && Number(health.facts.logHorizonHeldMs) >= 50;
    };
    expect(await until(held, { what: "the writer has been seen for 50 ms" })).toBe(true);
  });
});
