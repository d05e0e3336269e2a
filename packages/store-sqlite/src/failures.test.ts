// Every way in which a file can be wrong, at the start and later: said in words, and nothing half written.
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError, jsonPayload, type Store } from "@meanwhile/core";
import { makeNewJob } from "@meanwhile/store-testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createConnection } from "./connection.js";
import { loadDriver } from "./driver/load-driver.js";
import { openFile } from "./open-file.js";
import { resolveSqliteStoreOptions, type SqliteStoreOptions } from "./options.js";
import { createSqliteStore, storeOn } from "./sqlite-store.js";

let folder: string;
let file: string;
const opened: Store[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meanwhile-failures-"));
  file = join(folder, "test.db");
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(options: Partial<SqliteStoreOptions> = {}): Promise<Store> {
  const store = await createSqliteStore({ file, ...options });
  opened.push(store);
  await store.migrate();
  return store;
}

/** A store and its connection, to be made to fail. */
async function openInside() {
  const options = resolveSqliteStoreOptions({ file, busyTimeoutMs: 20 });
  const driver = loadDriver();
  const connection = await openFile(driver, options);
  const store = storeOn(connection, { ...options, driver: driver.name });
  opened.push(store);
  await store.migrate();
  return { store, connection };
}

const big = () => makeNewJob({ parameters: jsonPayload("x".repeat(50_000)) });

describe("opening", () => {
  it("creates the folder", async () => {
    file = join(folder, "a", "b", "test.db");

    const store = await open();

    expect(await store.check()).toMatchObject({ ok: true, facts: { journalMode: "wal", synchronous: "FULL" } });
  });

  it("says that a folder cannot be created", async () => {
    writeFileSync(join(folder, "a"), "");
    file = join(folder, "a", "test.db");

    await expect(open()).rejects.toThrow(ConfigurationError);
    await expect(open()).rejects.toThrow(/The folder ".*" of the SQLite file ".*test.db" cannot be created/);
  });

  it("says that the file is a folder", async () => {
    mkdirSync(file);

    await expect(open()).rejects.toThrow(/"[^"]*test.db" cannot be opened/);
  });

  it("says that the file is no database, and does not touch it", async () => {
    const text = "Dear diary, ".repeat(500);
    writeFileSync(file, text);

    await expect(open()).rejects.toThrow(ConfigurationError);
    await expect(open()).rejects.toThrow(/is not an SQLite database/);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("refuses a file from a newer version", async () => {
    await open();
    const other = createConnection(loadDriver().open(file));
    other.driver.exec("insert into meanwhile_migrations values (99, 'later', 'x', 0)");
    other.driver.close();

    await expect(createSqliteStore({ file })).rejects.toThrow(ConfigurationError);
    await expect(createSqliteStore({ file })).rejects.toThrow(/made by a newer meanwhile/);
  });

  it.each([
    [{ file: "" }, /file is ""; it must be the path/],
    [{ file: "a.db", synchronous: "OFF" }, /synchronous is "OFF"; it must be one of FULL, NORMAL/],
    [{ file: "a.db", busyTimeoutMs: -1 }, /busyTimeoutMs is -1; it must be a whole number from 0/],
    [{ file: "a.db", watchEveryMs: 0 }, /watchEveryMs is 0/],
    [{ file: "a.db", driver: "sqlite3" }, /driver is "sqlite3"; it must be one of node:sqlite, better-sqlite3/],
  ])("refuses %j", async (options, message) => {
    await expect(createSqliteStore(options as SqliteStoreOptions)).rejects.toThrow(message);
  });
});

describe("a full disk", () => {
  it("refuses the write whole, goes on reading, and recovers without a restart", async () => {
    const { store, connection } = await openInside();
    const kept = big();
    await store.jobs.insert([[kept]]);
    connection.driver.exec("pragma max_page_count = 60");
    const first = makeNewJob();
    const tooMuch = [first, ...Array.from({ length: 10 }, big)];

    const refused = store.jobs.insert([tooMuch]);

    await expect(refused).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("is full"),
    });
    expect(await store.jobs.find(first.job.id)).toBeUndefined();
    expect(await store.jobs.find(kept.job.id)).toEqual(kept.job);
    expect(connection.driver.inTransaction).toBe(false);

    connection.driver.exec("pragma max_page_count = 100000");
    const stored = await store.jobs.insert([tooMuch]);

    expect(stored).toMatchObject([{ outcome: "stored" }]);
    expect((await store.events.readLog({ after: null, limit: 100 })).events).toHaveLength(12);
  });
});

describe("a locked file", () => {
  it("makes a write wait, then says who is in the way", async () => {
    const { store } = await openInside();
    const other = loadDriver().open(file);
    other.exec("begin immediate");

    await expect(store.jobs.insert([[makeNewJob()]])).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("locked by another writer for too long"),
    });
    expect(await store.jobs.find("any")).toBeUndefined();

    other.exec("rollback");
    other.close();
    expect(await store.jobs.insert([[makeNewJob()]])).toMatchObject([{ outcome: "stored" }]);
  });

  it("lets the write through as soon as the other is done", async () => {
    const store = await open();
    const other = loadDriver().open(file);
    other.exec("begin immediate");

    const waiting = store.jobs.insert([[makeNewJob()]]);
    other.exec("commit");
    other.close();

    expect(await waiting).toMatchObject([{ outcome: "stored" }]);
  });
});

describe("a damaged file", () => {
  it("is reported as damaged, not as an internal error", async () => {
    const { store, connection } = await openInside();
    for (let round = 0; round < 20; round++) await store.jobs.insert([[big()]]);
    connection.driver.exec("pragma wal_checkpoint(truncate)");
    await store.close();
    const handle = openSync(file, "r+");
    // Everything but the first page, whose header still says that this is a database.
    writeSync(handle, Buffer.alloc(1_000_000, 0xa5), 0, 1_000_000, 4_096);

    const answer = createSqliteStore({ file }).then((damaged) => {
      opened.push(damaged);
      return damaged.jobs.list({ limit: 50 });
    });

    await expect(answer).rejects.toThrow(/is damaged. Stop every process/);
  });
});

describe("a batch", () => {
  it("with an item that SQLite refuses writes nothing, and the store goes on", async () => {
    const store = await open();
    const twin = makeNewJob();
    await store.jobs.insert([[twin]]);
    const neighbour = makeNewJob();

    const refused = store.jobs.insert([[neighbour], [twin]]);

    await expect(refused).rejects.toThrow(/UNIQUE/i);
    expect(await store.jobs.find(neighbour.job.id)).toBeUndefined();
    expect(await store.jobs.insert([[neighbour]])).toMatchObject([{ outcome: "stored" }]);
  });

  it("cannot store a status without what it brings along", async () => {
    const store = await open();
    const leaseless = makeNewJob({ status: "PROCESSING", lease: null });

    await expect(store.jobs.insert([[leaseless]])).rejects.toThrow(/CHECK/i);
  });
});

describe("a closed store", () => {
  it("answers that it is closed, and leaves the whole of it in the one file", async () => {
    const store = await open();
    await store.jobs.insert([[makeNewJob()]]);

    await store.close();

    await expect(store.jobs.find("any")).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await store.check()).toMatchObject({ ok: false });
    expect(() => readFileSync(`${file}-wal`)).toThrow(/ENOENT/);
  });
});
