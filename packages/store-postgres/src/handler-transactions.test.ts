// What a handler writes with `context.commit(async (tx) => …)`: committed with the completion of its job, or not at all.
import {
  createMemoryStore,
  defineJob,
  type JobContext,
  type JobTransaction,
  readJsonPayload,
  type Store,
  systemClock,
} from "@meanwhile/core";
import { Gate, until } from "@meanwhile/store-testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPostgresStore } from "./postgres-store.js";
import { openMigrated, runSql, SERVER_URL, whyNoServer } from "./testing/server.js";
import { ACCESS, startService } from "./testing/service.js";

describe.skipIf(whyNoServer !== undefined)("a handler's own transaction", () => {
  let opened: Awaited<ReturnType<typeof openMigrated>>;
  const closing: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    opened = await openMigrated();
    await runSql(
      `create table ${opened.schema}.bookings (id bigint generated always as identity primary key, job_id text, note text unique)`,
    );
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await opened.close();
  });

  const book = (context: JobContext, note = "booked") =>
    context.commit(async (transaction) => {
      const { rows } = await transaction.query<{ id: string }>(
        `insert into ${opened.schema}.bookings (job_id, note) values ($1, $2) returning id`,
        [context.job.id, note],
      );
      return rows[0]!.id;
    });
  const start = async (
    run: (context: JobContext) => unknown,
    { maxAttempts = 1, timeoutMs = 60_000, store = opened.store } = {},
  ) => {
    const own = defineJob({ type: "own", retry: { maxAttempts, initialDelayMs: 1 }, timeoutMs, run });
    const service = await startService(store, [own]);
    return Object.assign(service, {
      submit: async (envelope: object = {}) =>
        (await service.engine.submit({ type: "own", ...envelope }, ACCESS)).job.id,
    });
  };
  const bookings = async () =>
    (await runSql(`select job_id, note from ${opened.schema}.bookings order by id`)) as [string, string][];
  const connectionsIn = async (state: string): Promise<number> =>
    (
      (await runSql(
        "select count(*)::integer from pg_stat_activity where application_name = 'meanwhile' and state = $1 and query like '%' || $2 || '%'",
        [state, opened.schema],
      )) as [[number]]
    )[0][0];
  const smallStore = async (options: object): Promise<Store> => {
    const store = await createPostgresStore({ url: SERVER_URL, schema: opened.schema, ...options });
    closing.push(() => store.close());
    return store;
  };
  /** One statement, whose text names the schema: by it the server's list of sessions is searched. */
  const insert = (note: string) => `insert into ${opened.schema}.bookings (note) values ('${note}')`;

  it("gives rows to the handler, and commits them with the result made of them", async () => {
    const service = await start(async (context) => ({ booking: await book(context) }));

    const jobId = await service.submit();

    const job = await service.reaches(jobId, "COMPLETED");
    const [[booking]] = (await runSql(`select id::text from ${opened.schema}.bookings`)) as [[string]];
    expect(readJsonPayload(job.result!)).toEqual({ booking });
    expect(await bookings()).toEqual([[jobId, "booked"]]);
  });

  it("is seen by nobody before the job is COMPLETED", async () => {
    const gate = new Gate();
    const written = new Gate();
    const service = await start(async (context) => {
      await book(context);
      written.open();
      await gate.passed;
    });
    const jobId = await service.submit();
    await written.passed;

    expect(await bookings()).toEqual([]);
    expect((await opened.store.jobs.find(jobId))?.status).toBe("PROCESSING");
    gate.open();

    await service.reaches(jobId, "COMPLETED");
    expect(await bookings()).toHaveLength(1);
  });

  it("runs collected statements and queries in the order of the calls, over several commits", async () => {
    const seen: unknown[] = [];
    const add = (note: string) => ["insert into bookings (note) values ($1)", [note]] as const;
    const service = await start(async ({ commit }) => {
      commit((transaction) => transaction.run(...add("a")));
      await commit(async (transaction) => {
        transaction.run(...add("b"));
        const count = await transaction.query("select count(*)::integer as n from bookings");
        transaction.run(...add("c"));
        seen.push(count.rows, (await transaction.query(...add("d"))).rowCount);
      });
      commit((transaction) => transaction.run(...add("e")));
    });

    await service.reaches(await service.submit(), "COMPLETED");

    expect(seen).toEqual([[{ n: 2 }], 1]);
    expect((await bookings()).map(([, note]) => note)).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("waits for what the handler did not wait for", async () => {
    const service = await start((context) => {
      void book(context);
      return "done";
    });

    await service.reaches(await service.submit(), "COMPLETED");

    expect(await bookings()).toHaveLength(1);
  });

  it.each<[string, (context: JobContext) => Promise<unknown>]>([
    [
      "the callback throws",
      (context) =>
        context.commit(async (tx) => {
          await tx.query("insert into bookings (note) values ('x')");
          throw new Error("thought better of it");
        }),
    ],
    [
      "a statement fails",
      (context) => context.commit((tx) => tx.query("insert into bookings (note) values ('taken')")),
    ],
    [
      "a statement fails that the handler caught",
      async (context) => {
        await book(context, "y");
        await context.commit((tx) => tx.query("insert into bookings (note) values ('taken')")).catch(() => {});
        return "as if nothing had happened";
      },
    ],
    [
      "a statement fails that nobody waited for",
      async (context) => {
        void context.commit((tx) => tx.query("insert into bookings (note) values ('taken')"));
      },
    ],
    [
      "a collected statement fails at the end",
      async (context) => {
        await book(context, "z");
        context.commit((tx) => tx.run("insert into bookings (note) values ('taken')"));
      },
    ],
    [
      "the handler throws afterwards",
      async (context) => {
        await book(context, "w");
        throw new Error("too late");
      },
    ],
    [
      "the result has no JSON form",
      async (context) => {
        await book(context, "v");
        return 1n;
      },
    ],
    ["it ends the transaction", (context) => context.commit((tx) => tx.query("commit"))],
    ["it hides a second statement", (context) => context.commit((tx) => tx.query("select 1; commit"))],
  ])("writes nothing and fails the attempt where %s", async (_, run) => {
    await runSql(`insert into ${opened.schema}.bookings (note) values ('taken')`);
    const service = await start(run);

    const jobId = await service.submit();

    await service.reaches(jobId, "FAILED");
    expect((await bookings()).map(([, note]) => note)).toEqual(["taken"]);
    await until(async () => (await connectionsIn("idle in transaction")) === 0, {
      what: "no transaction is left open",
    });
  });

  it("writes nothing where the lease was lost: the fence is taken last", async () => {
    const gate = new Gate();
    const written = new Gate();
    let attempts = 0;
    const service = await start(
      async (context) => {
        attempts++;
        const isFirst = attempts === 1;
        await book(context, `attempt ${attempts}`);
        if (!isFirst) return;
        written.open();
        await gate.passed;
      },
      { maxAttempts: 2 },
    );
    const jobId = await service.submit();
    await written.passed;
    // As the sweep of another process would have it.
    await runSql(
      `update ${opened.schema}.meanwhile_jobs set lease_token = null, lease_worker_id = null, lease_expires_at = null, status = 'PENDING', readiness = 'ready'`,
    );
    gate.open();

    await service.reaches(jobId, "COMPLETED");
    expect(await bookings()).toEqual([[jobId, "attempt 2"]]);
    expect(service.logged.map(({ message }) => message)).toContain(
      "the lease was lost; the outcome of the attempt is thrown away",
    );
  });

  it("passes the turn of a concurrencyKey on, without a deadlock with those who join", async () => {
    const service = await start(async (context) => ({ booking: await book(context, context.job.id) }));

    const jobIds = await Promise.all(Array.from({ length: 8 }, () => service.submit({ concurrencyKey: "one" })));

    for (const jobId of jobIds) await service.reaches(jobId, "COMPLETED");
    expect((await bookings()).map(([jobId]) => jobId).sort()).toEqual([...jobIds].sort());
  });

  it("frees its connection and its locks when the attempt times out, also in the middle of a statement", async () => {
    const reasons: unknown[] = [];
    const service = await start(
      async (context) => {
        await book(context);
        await context
          .commit((tx) => tx.query(`select pg_sleep(60), '${opened.schema}'`))
          .catch((error) => reasons.push(error.reason));
      },
      { timeoutMs: 500 },
    );

    const jobId = await service.submit();

    expect((await service.reaches(jobId, "FAILED")).error?.code).toBe("timeout");
    expect(reasons).toEqual(["timeout"]);
    await until(async () => (await connectionsIn("active")) === 0, { what: "the server has stopped the statement" });
    await runSql(`insert into ${opened.schema}.bookings (note) values ('booked')`);
  });

  it("takes at most half of the connections; who waits in vain for one is told so, and nobody else stands still", async () => {
    const store = await smallStore({ poolSize: 2, connectTimeoutMs: 300 });
    const gate = new Gate();
    const holding = new Gate();
    const told: Error[] = [];
    let isFirst = true;
    const service = await start(
      async (context) => {
        if (isFirst) {
          isFirst = false;
          await book(context, "holder");
          holding.open();
          await gate.passed;
          return;
        }
        await book(context, "waiter").catch((error) => told.push(error));
      },
      { store },
    );
    const holder = await service.submit();
    await holding.passed;

    const waiter = await service.submit();
    await service.reaches(waiter, "FAILED");
    gate.open();
    await service.reaches(holder, "COMPLETED");

    expect(told[0]?.message).toMatch(/1 connections for context\.commit \(half of poolSize\).*raise poolSize/);
    expect((await bookings()).map(([, note]) => note)).toEqual(["holder"]);
  });

  it("fails the attempt, which is tried again, where the server has ended its transaction", async () => {
    const service = await start(
      async (context) => {
        await book(context, `attempt ${context.job.attempt}`);
        if (context.job.attempt > 1) return;
        await runSql(
          "select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction' and query like '%' || $1 || '%'",
          [opened.schema],
        );
      },
      { maxAttempts: 2 },
    );

    const jobId = await service.submit();

    const job = await service.reaches(jobId, "COMPLETED");
    expect(job.attempt).toBe(2);
    expect(await bookings()).toEqual([[jobId, "attempt 2"]]);
  });

  it("gives bigints as pg gives them to everybody, and plans as everybody's", async () => {
    const rows: unknown[] = [];
    const service = await start(({ commit }) =>
      commit(async (tx) => {
        rows.push(...(await tx.query("select 9007199254740993::bigint as n")).rows);
        rows.push(...(await tx.query("select current_setting('enable_seqscan') as seqscan")).rows);
      }),
    );

    await service.reaches(await service.submit(), "COMPLETED");

    expect(rows).toEqual([{ n: "9007199254740993" }, { seqscan: "on" }]);
  });

  it("refuses what comes behind the handler's end", async () => {
    let kept: JobTransaction | undefined;
    const service = await start(({ commit }) =>
      commit(async (tx) => {
        kept = tx;
        await tx.query("select 1");
      }),
    );

    await service.reaches(await service.submit(), "COMPLETED");

    await expect(kept!.query(insert("late"))).rejects.toMatchObject({ code: "invalid_commit" });
    expect(() => kept!.run(insert("late"))).toThrow(/has ended/);
    expect(await bookings()).toEqual([]);
  });

  it("is a mistake on a store without transactions, which says what would do; a synchronous callback is none", async () => {
    const store = createMemoryStore({ clock: systemClock });
    const service = await start((context) => book(context), { store });

    const jobId = await service.submit();

    const job = await service.reaches(jobId, "FAILED");
    expect(job.error).toMatchObject({
      code: "invalid_commit",
      message: expect.stringMatching(/needs a store on PostgreSQL.*transaction\.run/),
    });
  });
});
