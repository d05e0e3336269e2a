// Migrations while others work: old and new processes, long transactions, several at once.
import { systemClock } from "@meanwhile/core";
import { makeNewJob, until } from "@meanwhile/store-testkit";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "./database.js";
import { migrate, requireKnown } from "./migrate.js";
import { MIGRATIONS } from "./migrations/index.js";
import type { Migration } from "./migrations/migration.js";
import { resolvePostgresStoreOptions } from "./options.js";
import { createPostgresStore } from "./postgres-store.js";
import { openMigrated, runSql, SERVER_URL, whyNoServer } from "./testing/server.js";

describe.skipIf(whyNoServer !== undefined)("migrations", () => {
  let opened: Awaited<ReturnType<typeof openMigrated>>;
  const closing: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    opened = await openMigrated();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await opened.close();
  });

  const first = MIGRATIONS.length;
  const expand: Migration = {
    version: first + 1,
    name: "a-column-more",
    needs: 0,
    sql: "alter table meanwhile_jobs add column colour text",
  };
  const backfill: Migration = {
    version: first + 2,
    name: "a-colour-for-all",
    needs: 0,
    batch: `update meanwhile_jobs set colour = 'red'
             where number in (select number from meanwhile_jobs where colour is null order by number limit 2)`,
  };
  const contract: Migration = {
    version: first + 3,
    name: "no-tags-any-more",
    needs: first + 1,
    sql: "alter table meanwhile_jobs alter column colour set not null",
  };
  const all = [...MIGRATIONS, expand, backfill, contract];

  const connect = (): Database => {
    const options = resolvePostgresStoreOptions({ url: SERVER_URL, schema: opened.schema, poolSize: 2 });
    const database = createDatabase(options);
    closing.push(() => database.close());
    return database;
  };
  const run = (migrations: readonly Migration[], { lockTimeoutMs = 50, patienceMs = 20_000 } = {}) =>
    migrate(connect(), { schema: opened.schema, migrations, lockTimeoutMs, patienceMs, clock: systemClock });
  const versions = async () =>
    (await runSql(`select version from ${opened.schema}.meanwhile_migrations order by version`)).map(
      ([version]) => version,
    );
  const holdJobs = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: SERVER_URL, application_name: "the long one" });
    await client.connect();
    closing.push(() => client.end());
    await client.query("begin");
    await client.query(`select count(*) from ${opened.schema}.meanwhile_jobs`);
    return client;
  };
  const insertJobs = (count: number) => opened.store.jobs.insert(Array.from({ length: count }, () => [makeNewJob()]));

  it("fill in batches, each committed by itself, to the last row", async () => {
    await insertJobs(5);

    await run(all.slice(0, first + 2));

    expect(
      await runSql(
        `select colour, count(*)::integer, count(distinct xmin::text)::integer from ${opened.schema}.meanwhile_jobs group by colour`,
      ),
    ).toEqual([["red", 5, 3]]);
    expect(await versions()).toEqual(all.slice(0, first + 2).map(({ version }) => version));
  });

  it("wait for a long transaction without making anybody wait behind them, and go on when it ends", async () => {
    const long = await holdJobs();
    let isDone = false;
    const migrating = run([...MIGRATIONS, expand]).then(() => {
      isDone = true;
    });
    await until(
      async () =>
        (
          await runSql(
            "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%add column colour%' and $1 <> ''",
            [opened.schema],
          )
        ).length > 0,
      { what: "the migration waits for its lock" },
    );

    // The lock that it waits for would hold up this write for as long as the long transaction lasts.
    for (let count = 0; count < 5; count++) await insertJobs(1);

    expect(isDone).toBe(false);
    await long.query("commit");
    await migrating;
    expect(await versions()).toContain(first + 1);
  });

  it("give up with the names of those who hold the lock, keep what is done, and can be run again", async () => {
    const long = await holdJobs();
    await long.query("select pg_sleep(1.1)");

    const refusal = await run([...MIGRATIONS, expand], { patienceMs: 300 }).catch((error: Error) => error);

    expect((refusal as Error).message).toMatch(
      /could not be migrated within 300 ms.*"the long one", for \d+ s.*migrate again/,
    );
    expect(await versions()).toEqual(MIGRATIONS.map(({ version }) => version));
    await long.query("rollback");
    await run([...MIGRATIONS, expand]);
    expect(await versions()).toContain(first + 1);
  });

  it("are done once, whoever starts at the same moment", async () => {
    await insertJobs(7);

    await Promise.all([run(all), run(all), run(all)]);

    expect(await versions()).toEqual(all.map(({ version }) => version));
  });

  it("leave the old process at work, until one of them needs more than it knows", async () => {
    await run([...MIGRATIONS, expand]);
    const old = await createPostgresStore({ url: SERVER_URL, schema: opened.schema });
    closing.push(() => old.close());
    await old.migrate();
    const item = makeNewJob();
    await old.jobs.insert([[item]]);
    expect((await old.jobs.find(item.job.id))?.id).toBe(item.job.id);

    await run(all);

    await expect(createPostgresStore({ url: SERVER_URL, schema: opened.schema })).rejects.toThrow(
      new RegExp(
        `migration ${first + 3} \\("no-tags-any-more"\\) needs processes that know version ${first + 1}, and this meanwhile knows ${first}`,
      ),
    );
    await expect(old.migrate()).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await requireKnown(connect(), all.slice(0, first + 1))).toBe(first + 3);
  });

  it("that fail leave nothing of themselves, and all of those before them", async () => {
    const broken: Migration = {
      version: first + 2,
      name: "broken",
      needs: 0,
      sql: "create table half (id integer); select 1 / 0",
    };

    await expect(run([...MIGRATIONS, expand, broken])).rejects.toThrow(/division by zero/);

    expect(await versions()).toEqual([...MIGRATIONS.map(({ version }) => version), first + 1]);
    expect(
      await runSql("select 1 from pg_tables where schemaname = $1 and tablename = 'half'", [opened.schema]),
    ).toEqual([]);
  });
});
