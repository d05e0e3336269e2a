// What the world does to a database, and what callers then see: nothing lost, nothing doubled, no process ended.
import { type AppError, jsonPayload, type Store } from "@meanwhile/core";
import { makeNewJob, until } from "@meanwhile/store-testkit";
import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { toStoreError } from "./errors.js";
import { createPostgresStore } from "./postgres-store.js";
import { createProxy } from "./testing/cutting-proxy.js";
import { describeOnServer, openMigrated, runSql, SERVER_URL } from "./testing/server.js";

describeOnServer("a database in trouble", () => {
  let opened: Awaited<ReturnType<typeof openMigrated>>;
  const closing: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    opened = await openMigrated();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await opened.close();
  });

  const open = async (options: Partial<Parameters<typeof createPostgresStore>[0]> = {}): Promise<Store> => {
    const store = await createPostgresStore({ url: SERVER_URL, schema: opened.schema, ...options });
    closing.push(() => store.close());
    return store;
  };
  const openSession = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: SERVER_URL });
    await client.connect();
    closing.push(() => client.end());
    await client.query(`set search_path = ${opened.schema}`);
    return client;
  };

  /** The next inserts of jobs fail with the code; a sequence counts them, as it is not undone with the rest. */
  const failInserts = async ({ code, times }: { code: string; times: number }): Promise<void> => {
    const session = await openSession();
    await session.query(`
      drop sequence if exists failures cascade;
      create sequence failures;
      create or replace function fail_insert() returns trigger language plpgsql as $$
      begin
        if nextval('${opened.schema}.failures') <= ${times} then raise exception 'made to fail' using errcode = '${code}'; end if;
        return new;
      end $$;
      create or replace trigger fail_insert before insert on meanwhile_jobs for each statement execute function fail_insert();`);
  };

  it("whose connections are cut while idle answers the next call", async () => {
    const item = makeNewJob();
    const name = `cut_${opened.schema}`;
    const url = new URL(SERVER_URL);
    url.searchParams.set("application_name", name);
    const store = await open({ url: url.href });
    await store.jobs.insert([[item]]);

    await runSql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1", [name]);

    expect(await store.jobs.find(item.job.id)).toEqual(item.job);
    const next = makeNewJob();
    expect(await store.jobs.insert([[next]])).toEqual([
      { outcome: "stored", items: [{ outcome: "created", jobId: next.job.id }] },
    ]);
  });

  it("that cuts the connection during a commit is asked what became of it: done is done", async () => {
    const proxy = await createProxy();
    closing.push(() => proxy.close());
    const store = await open({ url: proxy.url });
    const item = makeNewJob({}, { idempotencyKey: "k" });

    proxy.cutAnswersTo("commit\0");
    const results = await store.jobs.insert([[item]]);

    expect(proxy.cuts).toBe(1);
    expect(results).toEqual([{ outcome: "stored", items: [{ outcome: "created", jobId: item.job.id }] }]);
    const events = await store.events.read(item.job.id, { after: 0, limit: 10 });
    expect(events.map(({ seq }) => seq)).toEqual([1]);
  });

  it("that cuts the connection during the commit of a result never makes a lost lease of it", async () => {
    const proxy = await createProxy();
    closing.push(() => proxy.close());
    const store = await open({ url: proxy.url });
    const item = makeNewJob();
    await store.jobs.insert([[item]]);
    const types = [{ type: item.job.type, limit: 1 }];
    const [claimed] = await store.jobs.claim({ workerId: "w", leaseToken: "t", leaseMs: 60_000, types });

    proxy.cutAnswersTo("commit\0");
    const at = claimed!.startedAt!;
    const results = await store.jobs.commit([
      {
        jobId: item.job.id,
        guard: { status: "PROCESSING", leaseToken: "t" },
        patch: {
          status: "COMPLETED",
          readiness: null,
          releaseLease: true,
          result: jsonPayload("done"),
          completedAt: at,
          purgeAt: at + 1_000,
        },
        events: [{ type: "job.completed", status: "COMPLETED", at, attempt: 1, data: null }],
        at,
      },
    ]);

    expect(results).toEqual([{ outcome: "committed", lastSeq: 3 }]);
  });

  it("that cuts the next connection as well, while it is asked, is asked again", async () => {
    const proxy = await createProxy();
    closing.push(() => proxy.close());
    const store = await open({ url: proxy.url });
    const item = makeNewJob();

    proxy.cutAnswersTo("commit\0");
    const inserting = store.jobs.insert([[item]]);
    await until(() => proxy.cuts === 1, { what: "the answer to the commit is cut" });
    proxy.cutAnswersTo("pg_xact_status");

    expect(await inserting).toEqual([{ outcome: "stored", items: [{ outcome: "created", jobId: item.job.id }] }]);
  });

  it("that cuts every connection of the pool during a commit is asked all the same", async () => {
    const proxy = await createProxy();
    closing.push(() => proxy.close());
    const store = await open({ url: proxy.url, poolSize: 2 });
    const items = [makeNewJob(), makeNewJob()];
    await Promise.all([store.now(), store.now()]);

    proxy.cutAnswersTo("commit\0", { times: 2 });
    const results = await Promise.all(items.map((item) => store.jobs.insert([[item]])));

    expect(proxy.cuts).toBe(2);
    expect(results).toEqual(
      items.map(({ job }) => [{ outcome: "stored", items: [{ outcome: "created", jobId: job.id }] }]),
    );
  });

  it("that cannot be reached is store_unavailable, and is reached again without a restart", async () => {
    const proxy = await createProxy();
    closing.push(() => proxy.close());
    const store = await open({ url: proxy.url, connectTimeoutMs: 1_000 });

    proxy.refuse();
    const failure = await store.jobs.insert([[makeNewJob()]]).catch((error: unknown) => error as AppError);
    const health = await store.check();
    proxy.accept();

    expect(failure).toMatchObject({ code: "store_unavailable" });
    expect(health.ok).toBe(false);
    expect((await store.check()).ok).toBe(true);
  });

  it("that is read-only, as a replica is, refuses writes and says where they belong", async () => {
    const session = await openSession();
    await session.query("begin read only");
    const refusal = await session.query("update meanwhile_store set checked_at = 1").catch((error: unknown) => error);
    await session.query("rollback");

    expect(toStoreError(refusal, "The database")).toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("The address must lead to the primary"),
    });
  });

  it("that finds transactions in each other's way has them done again, and says so where that does not end", async () => {
    const store = await open();
    await failInserts({ code: "40001", times: 3 });
    const item = makeNewJob();

    const results = await store.jobs.insert([[item]]);
    await failInserts({ code: "40P01", times: 1_000 });
    const refusal = await store.jobs.insert([[makeNewJob()]]).catch((error: unknown) => error as AppError);

    expect(results).toMatchObject([{ outcome: "stored" }]);
    expect((await store.events.read(item.job.id, { after: 0, limit: 10 })).length).toBe(1);
    expect(refusal).toMatchObject({ code: "store_unavailable", message: expect.stringContaining("several times") });
  });

  it.each([
    ["57014", "cancelled a statement"],
    ["53100", "short of resources"],
    ["53200", "short of resources"],
  ])("that fails a write with %s is store_unavailable, and nothing of it is there", async (code, said) => {
    const store = await open();
    await failInserts({ code, times: 1 });
    const item = makeNewJob();

    const refusal = await store.jobs.insert([[item]]).catch((error: unknown) => error as AppError);

    expect(refusal).toMatchObject({ code: "store_unavailable", retryAfterMs: 1_000 });
    expect((refusal as AppError).message).toContain(said);
    expect(await store.jobs.find(item.job.id)).toBeUndefined();
    expect(await store.jobs.insert([[item]])).toMatchObject([{ outcome: "stored" }]);
  });

  it("that takes longer over a statement than it may is store_unavailable", async () => {
    const store = await open({ statementTimeoutMs: 200, lockTimeoutMs: 5_000 });
    const session = await openSession();
    await session.query("begin");
    await session.query("lock table meanwhile_jobs in access exclusive mode");

    const refusal = await store.jobs.insert([[makeNewJob()]]).catch((error: unknown) => error as AppError);
    await session.query("rollback");

    expect(refusal).toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("statementTimeoutMs"),
    });
    expect(await store.jobs.insert([[makeNewJob()]])).toMatchObject([{ outcome: "stored" }]);
  });

  it("whose pool is used up is store_unavailable, and goes on when a connection is free", async () => {
    const store = await open({ poolSize: 2, connectTimeoutMs: 100, lockTimeoutMs: 5_000 });
    const session = await openSession();
    await session.query("begin");
    await session.query("lock table meanwhile_jobs in access exclusive mode");
    const waiting = [store.jobs.find("a"), store.jobs.find("b")];

    const failure = await store.jobs.find("c").catch((error: unknown) => error as AppError);
    await session.query("commit");

    expect(failure).toMatchObject({ code: "store_unavailable", message: expect.stringContaining("poolSize") });
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
  });

  it("in which somebody holds a key makes only the submit of that key wait", async () => {
    const store = await open({ lockTimeoutMs: 200 });
    const session = await openSession();
    await session.query("begin");
    await session.query("insert into meanwhile_idempotency_keys values ('acme', 'held', 'x', 'f')");
    const held = makeNewJob({ owner: "acme" }, { idempotencyKey: "held" });
    const free = makeNewJob({ owner: "acme" }, { idempotencyKey: "free" });

    const waits = store.jobs.insert([[held]]).catch((error: unknown) => error as AppError);
    const others = await store.jobs.insert([[free]]);
    const together = await store.jobs.insert([[held], [makeNewJob()]]).catch((error: unknown) => error);

    expect(others).toMatchObject([{ outcome: "stored" }]);
    expect(await waits).toMatchObject({ code: "store_unavailable" });
    // Not an outage of the store: whoever joined the two tries each alone.
    expect(together).not.toHaveProperty("code", "store_unavailable");
    await session.query("rollback");
    expect(await store.jobs.insert([[held]])).toMatchObject([{ outcome: "stored" }]);
  });

  it("whose listening connection is cut listens again, and tells everybody to look", async () => {
    const store = await open();
    let hints = 0;
    const stop = store.watch(() => {
      hints++;
    });
    const listening = "application_name like '%(listening)' and query ilike $1";
    const pids = async () =>
      (await runSql(`select pid from pg_stat_activity where ${listening}`, [`%"meanwhile_${opened.schema}"%`])).flat();
    await until(async () => (await pids()).length === 1 && hints > 0, { what: "the store listens" });
    const [first] = await pids();
    const before = hints;

    await runSql("select pg_terminate_backend($1::integer)", [first]);

    await until(async () => hints > before && (await pids()).some((pid) => pid !== first), {
      what: "the store listens again, and has told its watchers",
    });
    stop();
  });

  it("that is older than an endpoint's answer never commits an event past it", async () => {
    const slow = await openSession();
    await slow.query("begin");
    await slow.query("select 1 from meanwhile_wanted_events");
    let isAnswered = false;
    const store = await open({ lockTimeoutMs: 10_000 });
    const answered = store.webhookEndpoints.remove("none").then(() => {
      isAnswered = true;
    });
    await until(
      async () =>
        (
          await runSql(
            "select 1 from pg_locks where mode = 'AccessExclusiveLock' and not granted and relation = $1::regclass",
            [`${opened.schema}.meanwhile_wanted_events`],
          )
        ).length === 1,
      { what: "the change of endpoints waits for the transaction under way" },
    );

    expect(isAnswered).toBe(false);
    await slow.query("commit");
    await answered;
  });
});
