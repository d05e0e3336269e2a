// Migrations: once, in order, whole or not at all, and never backwards.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@meanwhile/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Connection, createConnection } from "./connection.js";
import { loadDriver } from "./driver/load-driver.js";
import { migrate, schemaVersion } from "./migrate.js";
import { MIGRATIONS } from "./migrations/index.js";
import type { Migration } from "./migrations/migration.js";
import { createSqliteStore } from "./sqlite-store.js";

let folder: string;
let file: string;
const opened: Connection[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meanwhile-migrate-"));
  file = join(folder, "test.db");
});
afterEach(() => {
  for (const { driver } of opened.splice(0)) driver.close();
  rmSync(folder, { recursive: true, force: true });
});

const first: Migration = { version: 1, name: "one", sql: "create table meanwhile_one (id integer)" };
const second: Migration = { version: 2, name: "two", sql: "create table meanwhile_two (id integer)" };

function connect(): Connection {
  const connection = createConnection(loadDriver().open(file));
  opened.push(connection);
  return connection;
}

const run = (connection: Connection, migrations: readonly Migration[]) =>
  migrate(connection, { file, clock: systemClock, migrations });

describe("migrate", () => {
  it("applies what is missing, once", () => {
    const connection = connect();

    run(connection, [first]);
    run(connection, [first, second]);
    run(connection, [first, second]);

    expect(schemaVersion(connection)).toBe(2);
    expect(connection.driver.prepare("select version, name from meanwhile_migrations").all()).toEqual([
      [1, "one"],
      [2, "two"],
    ]);
  });

  it("leaves nothing behind of a migration that fails", () => {
    const connection = connect();
    const broken = { ...second, sql: "create table meanwhile_two (id integer); create table nonsense (" };

    expect(() => run(connection, [first, broken])).toThrow();

    expect(schemaVersion(connection)).toBe(0);
    expect(connection.driver.prepare("select name from sqlite_schema").all()).toEqual([]);
  });

  it("refuses a file that a newer version has migrated", () => {
    run(connect(), [first, second]);

    expect(() => run(connect(), [first])).toThrow(
      /schema version 2 \("two"\), made by a newer meanwhile; this one knows 1/,
    );
  });

  it("refuses a file whose migration had another text", () => {
    run(connect(), [{ ...first, sql: "create table meanwhile_one (id text)" }]);

    expect(() => run(connect(), [first])).toThrow(/Migration 1 \("one"\) .* is not the one that this meanwhile ships/);
  });

  it("numbers the shipped migrations without gaps", () => {
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  });

  it("lives beside the user's own tables", () => {
    const connection = connect();
    connection.driver.exec("create table jobs (id integer); create table events (id integer); create table files (id)");

    run(connection, MIGRATIONS);

    expect(schemaVersion(connection)).toBe(MIGRATIONS.length);
  });

  it("says what to do where a store is used before it", async () => {
    const store = await createSqliteStore({ file });

    await expect(store.jobs.find("any")).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("Call migrate() first"),
    });
    expect(await store.check()).toMatchObject({ ok: false, reason: expect.stringContaining("migrate()") });

    await store.close();
  });
});
