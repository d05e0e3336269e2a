// A PostgreSQL server that crashes, is replaced by its replica, or by a copy elsewhere: what was answered is there, once, and
// nothing is taken for done that is not.
import type { AppError, Store } from "@meanwhile/core";
import { createPostgresStore, type PostgresStoreOptions } from "@meanwhile/store-postgres";
import { makeNewJob } from "@meanwhile/store-testkit";
import { expect, it, onTestFinished } from "vitest";
import { describeWithCluster, type PostgresCluster, startPostgresCluster } from "../harness/postgres-cluster.js";
import { startStatementProxy } from "../harness/statement-proxy.js";

/** With its end: "read committed" begins the transaction. */
const COMMIT = "commit\0";
const CREATED = (jobId: string) => [{ outcome: "stored", items: [{ outcome: "created", jobId }] }];

async function startCluster(settings: readonly string[] = []): Promise<PostgresCluster> {
  const cluster = await startPostgresCluster({ settings });
  onTestFinished(() => cluster.remove());
  return cluster;
}

async function openStore(port: number, options: Partial<PostgresStoreOptions> = {}): Promise<Store> {
  const store = await createPostgresStore({ url: `postgres://postgres@127.0.0.1:${port}/postgres`, ...options });
  onTestFinished(() => store.close());
  await store.migrate();
  return store;
}

describeWithCluster("a PostgreSQL server in trouble", () => {
  it("that crashes before a commit, and gives the transaction's id to another one, does not make a success of it", async () => {
    // So that nothing of the transaction reaches the disk before the crash.
    const cluster = await startCluster(["wal_writer_delay=10s"]);
    const proxy = await startStatementProxy(() => cluster.port);
    const store = await openStore(proxy.port);
    await store.jobs.insert([[makeNewJob()]]);
    const item = makeNewJob();

    const held = proxy.holdBefore(COMMIT);
    const inserting = store.jobs.insert([[item]]);
    await held;
    const lost = await newestTransaction(cluster);
    await cluster.restart("immediate");
    await cluster.query("create table elsewhere (id bigint)");
    for (;;) {
      const [row] = await cluster.query<{ id: string }>(
        "insert into elsewhere values (1) returning pg_current_xact_id()::text as id",
      );
      if (Number(row!.id) >= lost) break;
    }
    const [said] = await cluster.query<{ said: string }>("select pg_xact_status($1::text::xid8) as said", [
      String(lost),
    ]);
    proxy.cut();

    expect(said).toEqual({ said: "committed" });
    expect(await inserting).toEqual(CREATED(item.job.id));
    expect(await store.jobs.find(item.job.id)).toEqual(item.job);
  });

  it("that crashes behind a commit, before it could answer, makes no double of it", async () => {
    const cluster = await startCluster();
    const proxy = await startStatementProxy(() => cluster.port);
    const store = await openStore(proxy.port);
    const item = makeNewJob({}, { idempotencyKey: "once" });

    const held = proxy.holdAnswerTo(COMMIT);
    const inserting = store.jobs.insert([[item]]);
    await held;
    await cluster.restart("immediate");
    proxy.cut();

    expect(await inserting).toEqual(CREATED(item.job.id));
    expect((await store.events.read(item.job.id, { after: 0, limit: 10 })).map(({ seq }) => seq)).toEqual([1]);
  });

  it("whose replica takes over: nothing is written before it is promoted, and everything is there behind it", async () => {
    const primary = await startCluster();
    let leading = primary;
    const proxy = await startStatementProxy(() => leading.port);
    const store = await openStore(proxy.port);
    const replica = await primary.startReplica({ synchronous: true });
    onTestFinished(() => replica.remove());
    const before = makeNewJob();
    await store.jobs.insert([[before]]);

    await primary.stop("immediate");
    leading = replica;
    proxy.cut();
    const between = await store.jobs.insert([[makeNewJob()]]).catch((error: unknown) => error as AppError);
    const health = await store.check();
    await replica.promote();
    const after = makeNewJob();
    const results = await store.jobs.insert([[after]]);

    expect(between).toMatchObject({ code: "store_unavailable", message: expect.stringContaining("read-only") });
    expect(health).toMatchObject({ ok: false, reason: expect.stringContaining("must lead to the primary") });
    expect(results).toEqual(CREATED(after.job.id));
    expect(await store.jobs.find(before.job.id)).toEqual(before.job);
    expect((await readLog(store)).map(({ jobId }) => jobId)).toEqual([before.job.id, after.job.id]);
  });
});

async function newestTransaction(cluster: PostgresCluster): Promise<number> {
  const [row] = await cluster.query<{ id: string }>(
    "select max(backend_xid::text::bigint)::text as id from pg_stat_activity where backend_xid is not null",
  );
  return Number(row!.id);
}

async function readLog(store: Store) {
  return (await store.events.readLog({ after: null, limit: 100 })).events;
}
