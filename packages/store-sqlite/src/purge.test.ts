// Purging goes in short steps: neighbours write in between, and nothing is left of a large job.
import { jsonPayload, type Store } from "@meanwhile/core";
import { BUILT_AT, makeNewJob, makeToken } from "@meanwhile/store-testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Connection, createConnection } from "./connection.js";
import { loadDriver } from "./driver/load-driver.js";
import { migrate } from "./migrate.js";
import { MIGRATIONS } from "./migrations/index.js";
import { resolveSqliteStoreOptions } from "./options.js";
import { storeOn } from "./sqlite-store.js";

let connection: Connection;
let store: Store;
beforeEach(async () => {
  const driver = loadDriver();
  const options = resolveSqliteStoreOptions({ file: ":memory:" });
  connection = createConnection(driver.open(":memory:"));
  migrate(connection, { file: ":memory:", clock: options.clock, migrations: MIGRATIONS });
  store = storeOn(connection, { ...options, driver: driver.name });
});
afterEach(() => store.close());

const count = (table: string): number => {
  const [rows] = connection.driver.prepare(`select count(*) from ${table}`).get() as [number];
  return rows;
};

/** A finished job with many events and log lines. */
async function finishLargeJob(): Promise<string> {
  const item = makeNewJob();
  await store.jobs.insert([[item]]);
  const leaseToken = makeToken();
  const { id } = item.job;
  const types = [{ type: item.job.type, limit: 1 }];
  await store.jobs.claim({ workerId: "w", leaseToken, leaseMs: 1_000, types, now: BUILT_AT });
  const output = { type: "job.output", status: "PROCESSING", at: BUILT_AT, attempt: 1, data: jsonPayload(1) } as const;
  const guard = { status: "PROCESSING", leaseToken } as const;
  await store.jobs.commit([{ jobId: id, guard, patch: {}, events: Array(900).fill(output), at: BUILT_AT }]);
  const line = { jobId: id, at: BUILT_AT, level: "info", message: "m", fields: null, attempt: 1 } as const;
  await store.logs.append(Array(700).fill(line), { maxLines: 1_000, droppedNote: "" });
  const patch = {
    status: "COMPLETED",
    readiness: null,
    releaseLease: true,
    completedAt: BUILT_AT,
    purgeAt: BUILT_AT + 1_000,
  } as const;
  const done = { ...output, type: "job.completed", status: "COMPLETED", data: null } as const;
  await store.jobs.commit([{ jobId: id, guard, patch, events: [done], at: BUILT_AT }]);
  return id;
}

describe("a purge", () => {
  it("erases all of a large job, and answers once", async () => {
    const id = await finishLargeJob();

    const purged = await store.jobs.purge([id], { minTombstoneMs: 0, now: BUILT_AT });

    expect(purged).toEqual([id]);
    expect([count("meanwhile_jobs"), count("meanwhile_events"), count("meanwhile_job_logs")]).toEqual([0, 0, 0]);
    expect(await store.jobs.findTombstone(id)).toMatchObject({ jobId: id });
  });

  it("lets other writes through between its steps", async () => {
    const id = await finishLargeJob();
    let isPurged = false;

    const purging = store.jobs.purge([id], { minTombstoneMs: 0, now: BUILT_AT }).then(() => {
      isPurged = true;
    });
    await store.jobs.insert([[makeNewJob()]]);

    expect(isPurged).toBe(false);
    await purging;
  });

  it("of a large job answers as purged from its first step on", async () => {
    const id = await finishLargeJob();

    const purging = store.jobs.purge([id], { minTombstoneMs: 0, now: BUILT_AT });

    expect((await store.jobs.find(id))?.purgeAt).toBe(BUILT_AT);
    await purging;
  });

  it("keeps the log's positions growing when nothing is left of it", async () => {
    const id = await finishLargeJob();
    const before = await store.events.logEnd();

    await store.jobs.purge([id], { minTombstoneMs: 0, now: BUILT_AT });
    await store.jobs.insert([[makeNewJob()]]);

    const { events } = await store.events.readLog({ after: before, limit: 10 });
    expect(events.map(({ position }) => Number(position))).toEqual([Number(before) + 1]);
  });
});
