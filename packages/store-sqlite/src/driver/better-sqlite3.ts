// The driver over better-sqlite3, for Node versions without a recent SQLite of their own.
import { createRequire } from "node:module";
import type { SqliteConnection, SqliteDriver, SqliteStatement } from "./driver.js";

/** What this file uses of the library; it brings no types of its own. */
interface BetterSqlite3 {
  new (file: string, options: { timeout: number }): BetterDatabase;
}

interface BetterDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  readonly inTransaction: boolean;
  close(): unknown;
}

/** @throws Error where the library is not installed or was compiled for another Node. */
export function loadBetterSqlite3(): SqliteDriver {
  const Database = createRequire(import.meta.url)("better-sqlite3") as BetterSqlite3;
  // The compiled part is loaded by the first database only.
  const probe = new Database(":memory:", { timeout: 0 });
  const { version } = probe.prepare("select sqlite_version() as version").get() as { version: string };
  probe.close();
  return {
    name: "better-sqlite3",
    sqliteVersion: version,
    open: (file) => connect(new Database(file, { timeout: 0 })),
  };
}

function connect(database: BetterDatabase): SqliteConnection {
  return {
    exec(sql) {
      database.exec(sql);
    },
    prepare: (sql) => database.prepare(sql),
    get inTransaction() {
      return database.inTransaction;
    },
    close() {
      database.close();
    },
  };
}
