// Both drivers keep to the seam: rows, values, transactions and result codes are the same.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { SqliteDriver, SqlValue } from "./driver.js";
import { loadDriver } from "./load-driver.js";
import { resultCode } from "./result-code.js";

const folder = mkdtempSync(join(tmpdir(), "meanwhile-driver-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(name: SqliteDriver["name"]): SqliteDriver | undefined {
  try {
    return loadDriver(name);
  } catch {
    return undefined;
  }
}

const drivers = (["node:sqlite", "better-sqlite3"] as const).flatMap((name) => load(name) ?? []);

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return resultCode(error);
  }
}

describe.each(drivers)("the driver $name", (driver) => {
  it("is recent enough", () => {
    expect(driver.sqliteVersion).toMatch(/^3\.(5[1-9]|[6-9]\d)\.\d+$/);
  });

  it("gives rows as arrays, and nothing as undefined", () => {
    const database = driver.open(":memory:");

    expect(database.prepare("select 1, 'a'").get()).toEqual([1, "a"]);
    expect(database.prepare("select 1 where 0").get()).toBeUndefined();
    expect(database.prepare("values (1), (2)").all()).toEqual([[1], [2]]);
    database.close();
  });

  // Without NUL: it is refused at the door, and some versions of node:sqlite end a text at it.
  it.each<[SqlValue]>([[null], ["text"], [0], [-1.5], [Number.MAX_SAFE_INTEGER], ["ü 😀"]])("keeps %j", (value) => {
    const database = driver.open(":memory:");

    expect(database.prepare("select ?").get(value)).toEqual([value]);
    database.close();
  });

  it.each([new Uint8Array([0, 255]), new Uint8Array()])("keeps the bytes %j", (bytes) => {
    const database = driver.open(":memory:");

    const [kept, type] = database.prepare("select ?, typeof(?)").get(bytes, bytes) as [Uint8Array, string];

    expect(type).toBe("blob");
    expect([...kept]).toEqual([...bytes]);
    database.close();
  });

  it("knows whether a transaction is open", () => {
    const database = driver.open(":memory:");
    expect(database.inTransaction).toBe(false);

    database.exec("begin");

    expect(database.inTransaction).toBe(true);
    database.close();
  });

  it("tells result codes apart", () => {
    const file = join(folder, `${driver.sqliteVersion}-${drivers.indexOf(driver)}.db`);
    const first = driver.open(file);
    const second = driver.open(file);
    first.exec("create table t (id integer primary key); begin immediate");
    const noDatabase = join(folder, "text.db");
    writeFileSync(noDatabase, "no database ".repeat(100));

    expect(codeOf(() => second.exec("begin immediate"))).toBe("BUSY");
    first.exec("insert into t values (1)");
    expect(codeOf(() => first.exec("insert into t values (1)"))).toBe("CONSTRAINT");
    expect(codeOf(() => first.exec("nonsense"))).toBe("OTHER");
    expect(codeOf(() => driver.open(noDatabase).exec("create table t (id)"))).toBe("NOTADB");
    expect(codeOf(() => driver.open(folder))).toBe("CANTOPEN");
    expect(resultCode(new Error("something else"))).toBeUndefined();
    first.close();
    second.close();
  });
});

describe("without a library that will do", () => {
  it("the error says what is missing and what to install", () => {
    const missing = (["node:sqlite", "better-sqlite3"] as const).find((name) => load(name) === undefined);

    // Where both are there, there is nothing to refuse.
    if (missing === undefined) expect(drivers).toHaveLength(2);
    else expect(() => loadDriver(missing)).toThrow(/There is no SQLite to work with: .*npm install better-sqlite3/);
  });
});
