// The driver over better-sqlite3, for Node versions without a recent SQLite of their own.
import { createRequire } from "node:module";
import type { SqliteConnection, SqliteDriver, SqliteStatement } from "./driver.js";

/** What this file uses of the library; it brings no types of its own. */
interface BetterSqlite3 {
  new (file: string, options: { timeout: number }): BetterDatabase;
}

interface BetterDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): BetterStatement;
  readonly inTransaction: boolean;
  close(): unknown;
}

interface BetterStatement extends SqliteStatement {
  /** Whether it returns rows. */
  readonly reader: boolean;
  raw(on: true): BetterStatement;
}

/** @throws Error where the library is not installed or was compiled for another Node. */
export function loadBetterSqlite3(): SqliteDriver {
  const Database = createRequire(import.meta.url)("better-sqlite3") as BetterSqlite3;
  // The compiled part is loaded by the first database only.
  const probe = new Database(":memory:", { timeout: 0 });
  const [version] = probe.prepare("select sqlite_version()").raw(true).get() as [string];
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
    prepare(sql) {
      const statement = database.prepare(sql);
      return statement.reader ? statement.raw(true) : statement;
    },
    get inTransaction() {
      return database.inTransaction;
    },
    close() {
      database.close();
    },
  };
}
