// A submit inside the user's own transaction: there when the user commits, never there when the user rolls back.
import { defineJob, type Job, TransactionError, type UserTransaction } from "@meanwhile/core";
import { makeId, makeNewJob, until } from "@meanwhile/store-testkit";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import { openMigrated, runSql, SERVER_URL, whyNoServer } from "./testing/server.js";
import { ACCESS, startService } from "./testing/service.js";
import { nameSchema } from "./user-transactions.js";

const echo = defineJob({ type: "echo", run: ({ parameters }) => parameters });

describe.skipIf(whyNoServer !== undefined)("a submit in the user's own transaction", () => {
  let opened: Awaited<ReturnType<typeof openMigrated>>;
  const clients: pg.Client[] = [];
  beforeEach(async () => {
    opened = await openMigrated();
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await opened.close();
  });

  const begin = async (how = "begin", config: pg.ClientConfig = {}): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: SERVER_URL, ...config });
    clients.push(client);
    await client.connect();
    await client.query(how);
    return client;
  };
  const start = (worker: false | object = false) => startService(opened.store, [echo], { worker });
  const rowsOf = async (table: string): Promise<number> =>
    Number((await runSql(`select count(*) from ${opened.schema}.${table}`))[0]![0]);

  it("is invisible before the commit, and runs after it without anybody asking again", async () => {
    const service = await start({});
    const client = await begin();

    const { job, replayed } = await service.engine.submit(
      { type: "echo", parameters: { a: 1 } },
      { ...ACCESS, transaction: client },
    );

    expect(replayed).toBe(false);
    expect(await opened.store.jobs.find(job.id)).toBeUndefined();
    await expect(service.engine.get(job.id, ACCESS)).rejects.toMatchObject({ code: "job_not_found" });
    await client.query("commit");
    const done = await service.reaches(job.id, "COMPLETED");
    expect(done.lastSeq).toBe(3);
  });

  it("leaves nothing behind after a rollback: no job, no event, no key, no delivery", async () => {
    const service = await start();
    await addEndpoint();
    const client = await begin();
    const options = { ...ACCESS, idempotencyKey: "k", transaction: client };

    const { job } = await service.engine.submit({ type: "echo" }, options);
    expect(await countIn(client, "meanwhile_deliveries")).toBe(1);
    await client.query("rollback");

    for (const table of ["jobs", "events", "idempotency_keys", "deliveries"])
      expect(await rowsOf(`meanwhile_${table}`)).toBe(0);
    const again = await service.engine.submit({ type: "echo" }, { ...ACCESS, idempotencyKey: "k" });
    expect(again.replayed).toBe(false);
    expect(again.job.id).not.toBe(job.id);
  });

  it("commits jobs, events, keys, links and deliveries together with the user's row", async () => {
    const service = await start();
    await addEndpoint();
    const client = await begin();
    await client.query(`create table ${opened.schema}.orders (id integer primary key)`);

    await client.query(`insert into ${opened.schema}.orders values (1)`);
    const { job } = await service.engine.submit(
      { type: "echo" },
      { ...ACCESS, idempotencyKey: "order-1", transaction: client },
    );
    await client.query("commit");

    const counts = await Promise.all(
      ["orders", "meanwhile_jobs", "meanwhile_events", "meanwhile_idempotency_keys", "meanwhile_deliveries"].map(
        rowsOf,
      ),
    );
    expect(counts).toEqual([1, 1, 1, 1, 1]);
    expect(await opened.store.jobs.find(job.id)).toEqual(job);
  });

  it("answers a key again, also one of the same transaction, and lets the transaction live on after a refusal", async () => {
    const service = await start();
    const { job: earlier } = await service.engine.submit({ type: "echo" }, { ...ACCESS, idempotencyKey: "old" });
    const client = await begin();
    const submit = (key: string, parameters: object = {}) =>
      service.engine.submit({ type: "echo", parameters }, { ...ACCESS, idempotencyKey: key, transaction: client });

    expect(await submit("old", { other: 1 }).catch(({ code }) => code)).toBe("idempotency_key_reused");
    const { job } = await submit("new", { a: 1 });
    expect(await submit("new", { a: 1 })).toEqual({ job, replayed: true });
    expect(await submit("new", { a: 2 }).catch(({ code }) => code)).toBe("idempotency_key_reused");
    await client.query("commit");

    expect((await opened.store.jobs.find(earlier.id))?.id).toBe(earlier.id);
    expect((await opened.store.jobs.find(job.id))?.id).toBe(job.id);
    expect(await rowsOf("meanwhile_jobs")).toBe(2);
  });

  it("takes a whole batch, or nothing of it", async () => {
    const service = await start();
    const client = await begin();
    const batch = (items: readonly object[], idempotencyKey: string) =>
      service.engine.submitBatch(items, { ...ACCESS, idempotencyKey, transaction: client });

    const [first, second] = await batch([{ type: "echo" }, { type: "echo", delayMs: 60_000 }], "two");
    await batch([{ type: "echo" }], "two").catch(() => {});
    await client.query("commit");

    const [a, b] = await Promise.all([first, second].map((each) => opened.store.jobs.find(each!.job.id)));
    expect([a?.readiness, b?.readiness]).toEqual(["ready", "delayed"]);
    expect(await rowsOf("meanwhile_jobs")).toBe(2);
  });

  it("waits for a key that another transaction holds, alone: and answers by what became of that one", async () => {
    const service = await start();
    const [holder, waiter] = [await begin(), await begin()];
    const submit = (client: pg.Client) =>
      service.engine.submit({ type: "echo" }, { ...ACCESS, idempotencyKey: "k", transaction: client });
    const { job } = await submit(holder);

    const waiting = submit(waiter);
    await blocked(1);
    // Nobody else waits.
    await service.engine.submit({ type: "echo" }, { ...ACCESS, idempotencyKey: "another" });
    await holder.query("commit");

    expect(await waiting).toMatchObject({ replayed: true, job: { id: job.id } });
    await waiter.query("commit");
    const [third, fourth] = [await begin(), await begin()];
    const key = { ...ACCESS, idempotencyKey: "k2" };
    await service.engine.submit({ type: "echo" }, { ...key, transaction: third });
    const late = service.engine.submit({ type: "echo" }, { ...key, transaction: fourth });
    await blocked(1);
    await third.query("rollback");
    expect((await late).replayed).toBe(false);
    await fourth.query("commit");
  });

  it("does not hold the queue of a concurrencyKey: the job takes its place after the commit", async () => {
    const service = await start({});
    const client = await begin();
    const envelope = { type: "echo", concurrencyKey: "one-by-one" };
    const { job } = await service.engine.submit(envelope, { ...ACCESS, transaction: client });

    const { job: other } = await service.engine.submit(envelope, ACCESS);
    await service.reaches(other.id, "COMPLETED");
    await client.query("commit");

    await service.reaches(job.id, "COMPLETED");
  });

  it("keeps the settings, the prepared statements and the parsers of the client as they were", async () => {
    const service = await start();
    const client = await begin("begin", { types: { getTypeParser: () => () => "not a number" } as never });
    await client.query("create temporary table seen as select name, setting from pg_settings");

    await service.engine.submit(
      { type: "echo", concurrencyKey: "c" },
      { ...ACCESS, idempotencyKey: "k", transaction: client },
    );

    const changed = `select count(*)::text as n from pg_settings join seen using (name) where pg_settings.setting is distinct from seen.setting`;
    await client.query(`create temporary table answer as ${changed}`);
    await client.query("create temporary table statements as select count(*)::text as n from pg_prepared_statements");
    await client.query(
      `create table ${opened.schema}.kept as select (select n from answer) as a, (select n from statements) as s`,
    );
    await client.query("commit");
    expect(await runSql(`select a, s from ${opened.schema}.kept`)).toEqual([["0", "0"]]);
  });

  it.each(["''", "decoys", "pg_catalog", "decoys, pg_catalog"])(
    "finds its tables with the search path %s",
    async (path) => {
      const service = await start();
      await addEndpoint();
      const decoys = `${opened.schema}_decoys`;
      await runSql(`create schema ${decoys}`);
      try {
        for (const [table] of await runSql("select tablename from pg_tables where schemaname = $1", [opened.schema])) {
          await runSql(`create table ${decoys}.${table} (decoy integer)`);
        }
        const client = await begin();
        await client.query(`set local search_path = ${path.replaceAll("decoys", decoys)}`);
        const file = "0190a5c0-0000-7000-8000-00000000f11e";
        await addFile(file);

        const { job } = await service.engine.submit(
          { type: "echo", parameters: { file }, tags: ["t"], concurrencyKey: "c" },
          { ...ACCESS, idempotencyKey: "k", transaction: client },
        );
        const again = await service.engine.submit(
          { type: "echo", parameters: { file }, tags: ["t"], concurrencyKey: "c" },
          { ...ACCESS, idempotencyKey: "k", transaction: client },
        );
        await client.query("commit");

        expect(again).toEqual({ job, replayed: true });
        expect(await opened.store.files.linkedTo(job.id)).toEqual([file]);
        expect(await rowsOf("meanwhile_deliveries")).toBe(1);
      } finally {
        await runSql(`drop schema ${decoys} cascade`);
      }
    },
  );

  it("has the place in the log of the user's transaction: readers wait for it, and miss nothing", async () => {
    const service = await start();
    const client = await begin();
    const { job } = await service.engine.submit({ type: "echo" }, { ...ACCESS, transaction: client });
    const { job: later } = await service.engine.submit({ type: "echo" }, ACCESS);
    const read = async () =>
      (await opened.store.events.readLog({ after: null, limit: 10 })).events.map(({ jobId }) => jobId);

    expect(await read()).toEqual([]);
    await client.query("commit");

    expect(
      await until(async () => ((await read()).length === 2 ? read() : undefined), { what: "both are read" }),
    ).toEqual([job.id, later.id]);
  });

  it("gives the server's own error where the whole transaction has to be run again", async () => {
    const service = await start();
    const client = await begin("begin isolation level repeatable read");
    await client.query("select 1 from pg_class limit 1");
    await service.engine.submit({ type: "echo" }, { ...ACCESS, idempotencyKey: "k" });

    const submitting = service.engine.submit({ type: "echo" }, { ...ACCESS, idempotencyKey: "k", transaction: client });

    await expect(submitting).rejects.toMatchObject({ code: "40001" });
    await client.query("select 1");
  });

  it.each<[string, () => Promise<unknown>, TransactionError["reason"], RegExp]>([
    ["a pool", async () => new pg.Pool(), "unfit", /pool\.connect\(\)/],
    ["true", async () => true, "unfit", /transaction is boolean/],
    ["null", async () => null, "unfit", /transaction is null/],
    ["an address", async () => SERVER_URL, "unfit", /transaction is string/],
    ["a client outside of a transaction", async () => begin("select 1"), "not_begun", /Run BEGIN on it first/],
    ["a transaction that has failed", async () => failed(), "failed", /only ROLLBACK/],
    ["a read-only transaction", async () => begin("begin read only"), "read_only", /READ WRITE/],
    [
      "another database",
      async () => begin("begin", { connectionString: new URL("/template1", SERVER_URL).href }),
      "no_tables",
      /database of the store/,
    ],
    ["a role without rights", async () => stranger(), "denied", /GRANT USAGE ON SCHEMA/],
  ])("refuses %s, and says what would do", async (_, make, reason, message) => {
    const service = await start();
    const transaction = (await make()) as UserTransaction;

    const refusal = await service.engine.submit({ type: "echo" }, { ...ACCESS, transaction }).catch((error) => error);

    expect(refusal).toBeInstanceOf(TransactionError);
    expect(refusal.reason).toBe(reason);
    expect(refusal.message).toMatch(message);
    expect(await rowsOf("meanwhile_jobs")).toBe(0);
  });

  it("works for a role that has the rights that the refusal names", async () => {
    const service = await start();
    const role = `role_${opened.schema}`;
    await runSql(`create role ${role}`);
    try {
      const { schema } = opened;
      await runSql(`grant usage on schema ${schema} to ${role}`);
      await runSql(`grant select, insert, update, delete on all tables in schema ${schema} to ${role}`);
      await runSql(`grant usage on all sequences in schema ${schema} to ${role}`);
      const client = await begin();
      await client.query(`set local role ${role}`);

      const { job } = await service.engine.submit(
        { type: "echo" },
        { ...ACCESS, idempotencyKey: "k", transaction: client },
      );
      await client.query("commit");

      expect((await opened.store.jobs.find(job.id))?.id).toBe(job.id);
    } finally {
      await runSql(`drop owned by ${role}`);
      await runSql(`drop role ${role}`);
    }
  });

  it("stores what the store itself stores, member by member", async () => {
    const item = makeNewJob({ tags: ["a"], callbackId: "c", requestId: "r", webhook: null });
    const other = makeNewJob({ ...item.job, id: makeNewJob().job.id } as Partial<Job>);
    const client = await begin();

    await opened.store.transactions!.insertInto(client, [item]);
    expect(await opened.store.transactions!.findIn(client, item.job.id)).toEqual(item.job);
    await client.query("commit");
    await opened.store.jobs.insert([[other]]);

    expect(await opened.store.jobs.find(item.job.id)).toEqual({
      ...(await opened.store.jobs.find(other.job.id))!,
      id: item.job.id,
    });
  });

  it("has a connection of its own in a second store of another schema", async () => {
    const second = await openMigrated();
    const client = await begin();
    const item = makeNewJob();
    await second.store.transactions!.insertInto(client, [item]);
    await client.query("commit");

    expect(await opened.store.jobs.find(item.job.id)).toBeUndefined();
    expect((await second.store.jobs.find(item.job.id))?.id).toBe(item.job.id);
    await second.close();
  });

  /** Somebody wants to know of every submit. */
  const addEndpoint = () =>
    opened.store.webhookEndpoints.insert(
      {
        id: makeId(),
        owner: ACCESS.principal.owner,
        channel: "webhook",
        url: "https://example.com/hook",
        types: null,
        events: ["job.submitted"],
        enabled: true,
        disabledReason: null,
        failingSince: null,
        failureCount: 0,
        createdAt: 0,
        updatedAt: 0,
        secret: "secret",
        previousSecret: null,
      },
      { atMost: 10 },
    );
  const addFile = (id: string) =>
    opened.store.files.insert({
      id,
      owner: ACCESS.principal.owner,
      name: "a.txt",
      mediaType: "text/plain",
      sizeBytes: 1,
      sha256: "",
      createdAt: 0,
      expiresAt: 0,
    });
  const failed = async () => {
    const client = await begin();
    await client.query("select 1 / 0").catch(() => {});
    return client;
  };
  const stranger = async () => {
    const client = await begin();
    await client.query("set local role pg_monitor");
    return client;
  };
  const countIn = async (client: pg.Client, table: string): Promise<number> =>
    Number((await client.query(`select count(*) as n from ${opened.schema}.${table}`)).rows[0].n);
  /** So many sessions wait for a lock. */
  const blocked = (count: number) =>
    until(
      async () => {
        const [[waiting]] = (await runSql(
          "select count(*)::integer from pg_locks where not granted and pid in (select pid from pg_stat_activity where query like '%' || $1 || '%')",
          [opened.schema],
        )) as [[number]];
        return waiting >= count;
      },
      { what: "the submit waits" },
    );
});

describe("what a submit may join", () => {
  it("is a client, by its type; no pool", () => {
    expectTypeOf<pg.Client>().toExtend<UserTransaction>();
    expectTypeOf<pg.PoolClient>().toExtend<UserTransaction>();
    expectTypeOf<pg.Pool>().not.toExtend<UserTransaction>();
    expectTypeOf<string>().not.toExtend<UserTransaction>();
  });

  it("has its tables named with their schema, and nothing else", () => {
    const sql =
      "insert into meanwhile_a as a select meanwhile_b.number, a.meanwhile_c from other.meanwhile_d, meanwhile_b";

    expect(nameSchema(sql, "s")).toBe(
      "insert into s.meanwhile_a as a select s.meanwhile_b.number, a.meanwhile_c from other.meanwhile_d, s.meanwhile_b",
    );
  });
});
