// Heartbeats of jobs whose rows somebody is writing: no healthy lease runs out by it, and nobody else waits for it.
import type { Store } from "@meanwhile/core";
import { makeNewJob, until } from "@meanwhile/store-testkit";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPostgresStore } from "./postgres-store.js";
import { openMigrated, SERVER_URL, whyNoServer } from "./testing/server.js";

const TYPE = "test.leased";

describe.skipIf(whyNoServer !== undefined)("a heartbeat, while somebody writes a row", () => {
  let opened: Awaited<ReturnType<typeof openMigrated>>;
  let writer: pg.Client;
  const writers: pg.Client[] = [];
  let store: Store;
  beforeEach(async () => {
    opened = await openMigrated();
    writer = await openWriter();
  });
  afterEach(async () => {
    await Promise.all(writers.splice(0).map((each) => each.end()));
    await store.close();
    await opened.close();
  });

  const openWriter = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: SERVER_URL });
    writers.push(client);
    await client.connect();
    await client.query(`set search_path = ${opened.schema}`);
    return client;
  };
  /** A store whose sessions are called like the schema, so that they can be told from those of others. */
  const open = async (lockTimeoutMs: number): Promise<void> => {
    const url = new URL(SERVER_URL);
    url.searchParams.set("application_name", opened.schema);
    store = await createPostgresStore({ url: url.href, schema: opened.schema, poolSize: 4, lockTimeoutMs });
  };
  const claimed = async (count: number) => {
    await store.jobs.insert([Array.from({ length: count }, () => makeNewJob({ type: TYPE }))]);
    const types = [{ type: TYPE, limit: count }];
    return store.jobs.claim({ workerId: "w", leaseToken: "t", leaseMs: 60_000, types });
  };
  const hold = async (ids: readonly string[], holder = writer) => {
    await holder.query("begin");
    await holder.query(
      `select from meanwhile_jobs where number in (select number from meanwhile_submissions where id = any ($1)) for no key update`,
      [ids],
    );
  };
  const beat = (ids: readonly string[], now: number) =>
    store.jobs.extendLeases(
      ids.map((jobId) => ({ jobId, leaseToken: "t" })),
      { byMs: 60_000, now },
    );
  const waitsFor = async (holder: pg.Client) => {
    const { rows } = await holder.query(
      "select 1 from pg_stat_activity where application_name = $1 and pg_backend_pid() = any (pg_blocking_pids(pid))",
      [opened.schema],
    );
    return rows.length > 0;
  };
  const endOf = async (id: string) => (await store.jobs.find(id))?.lease?.expiresAt;

  it("waits for that row, and prolongs its lease like those of its neighbours", async () => {
    await open(20_000);
    const jobs = await claimed(4);
    const ids = jobs.map(({ id }) => id);
    const later = jobs[0]!.startedAt! + 30_000;
    await hold(ids.slice(1));

    const beating = beat(ids, later);
    await Promise.race([beating, until(() => waitsFor(writer), { what: "the heartbeat waits" })]);
    const endOfNeighbour = await endOf(ids[0]!);
    await writer.query("commit");

    expect((await beating).map(({ outcome }) => outcome)).toEqual(ids.map(() => "extended"));
    expect(endOfNeighbour).toBe(later + 60_000);
    expect(await Promise.all(ids.map(endOf))).toEqual(ids.map(() => later + 60_000));
  });

  it("loses the lease where that is what was written", async () => {
    await open(20_000);
    const [job] = await claimed(1);
    await hold([job!.id]);
    await writer.query("update meanwhile_jobs set lease_token = 'of another'");

    const beating = beat([job!.id], job!.startedAt!);
    await Promise.race([beating, until(() => waitsFor(writer), { what: "the heartbeat waits" })]);
    await writer.query("commit");

    expect(await beating).toEqual([{ outcome: "lost" }]);
  });

  it("waits in vain once at most, the next time for another row, and loses neither", async () => {
    await open(1_000);
    const ids = (await claimed(3)).map(({ id }) => id);
    const later = (await store.jobs.find(ids[0]!))!.startedAt! + 30_000;
    const [stuck, busy, free] = ids;
    const busyWriter = await openWriter();
    await hold([stuck!]);
    await hold([busy!], busyWriter);

    const first = await beat(ids, later);
    const endOfFree = await endOf(free!);
    const second = beat(ids, later + 1);
    await until(() => waitsFor(busyWriter), { what: "the heartbeat waits for the other row" });
    await busyWriter.query("commit");

    expect([...first, ...(await second)].map(({ outcome }) => outcome)).toEqual([...ids, ...ids].map(() => "extended"));
    expect(endOfFree).toBe(later + 60_000);
    expect(await Promise.all([busy!, free!].map(endOf))).toEqual([later + 60_001, later + 60_001]);
    expect(await endOf(stuck!)).toBeLessThan(later + 60_000);
    await writer.query("commit");
  });
});
