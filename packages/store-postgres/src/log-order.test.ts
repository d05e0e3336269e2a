// The whole log is read in commit order (invariant I3), although transactions overtake each other.
import { makeNewJob } from "@meanwhile/store-testkit";
import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeOnServer, openMigrated, runSql, SERVER_URL } from "./testing/server.js";

describeOnServer("whole-log readers", () => {
  let opened: Awaited<ReturnType<typeof openMigrated>>;
  const clients: pg.Client[] = [];
  beforeEach(async () => {
    opened = await openMigrated();
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await opened.close();
  });

  /** A writer whose transaction has its id, and is not committed yet. */
  const openWriter = async () => {
    const client = new pg.Client({ connectionString: SERVER_URL });
    clients.push(client);
    await client.connect();
    await client.query("begin");
    await client.query("select pg_current_xact_id()");
    return client;
  };
  const insertJob = async () => {
    const item = makeNewJob();
    await opened.store.jobs.insert([[item]]);
    return item.job.id;
  };
  const idsBehind = async (after: string | null) => {
    const { events } = await opened.store.events.readLog({ after, limit: 100 });
    return events.map(({ jobId }) => jobId);
  };

  it("do not see what is committed above a transaction that is still open, and miss nothing that it commits late", async () => {
    const early = await openWriter();
    const second = await insertJob();

    expect(await idsBehind(null)).not.toContain(second);
    const position = await opened.store.events.logEnd();
    // The open transaction writes an event of the same job only now, and commits behind the one that it precedes.
    await early.query(
      `insert into ${opened.schema}.meanwhile_events (generation, tx, job, seq, type, status, at, attempt)
       select 1, pg_current_xact_id()::text::bigint, number, 2, 'job.progress', 'PENDING', 0, 0
         from ${opened.schema}.meanwhile_submissions where id = $1`,
      [second],
    );
    await early.query("commit");

    const log = await readUntil(2, position);
    expect(log.map(({ seq }) => seq)).toEqual([2, 1]);
    expect([...log.map((event) => event.position)].sort()).toEqual(log.map((event) => event.position));
  });

  it("see all of it once the data has moved to another cluster, whose transactions count anew", async () => {
    const old = await insertJob();
    const { schema, store } = opened;
    await runSql(`update ${schema}.meanwhile_events set tx = 9000000000000000`);
    await runSql(`update ${schema}.meanwhile_generations set system_identifier = 'another cluster'`);

    await store.migrate();
    const fresh = await insertJob();

    const log = await readUntil(2, null);
    expect(log.map(({ jobId }) => jobId)).toEqual([old, fresh]);
  });

  /** Other tests' transactions on this server hold the horizon up, too. */
  const readUntil = async (count: number, after: string | null) => {
    for (;;) {
      const { events } = await opened.store.events.readLog({ after, limit: 100 });
      if (events.length >= count) return events;
      await runSql("select pg_current_xact_id()");
    }
  };
});
