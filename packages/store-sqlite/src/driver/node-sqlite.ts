// The driver over node:sqlite, which needs no dependency at all.
import type { SqliteConnection, SqliteDriver, SqliteStatement } from "./driver.js";

/** What this file uses of node:sqlite; the floor's type definitions do not know the module. */
interface NodeSqlite {
  DatabaseSync: new (file: string) => NodeDatabase;
}

interface NodeDatabase {
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
  readonly isTransaction: boolean;
  close(): void;
}

interface NodeStatement extends SqliteStatement {
  setReturnArrays(on: true): void;
}

/** @returns `undefined` where this Node has no node:sqlite. */
export function loadNodeSqlite(): SqliteDriver | undefined {
  // Not an import: that would stop the load of this file on a Node without the module.
  const module = process.getBuiltinModule("node:sqlite") as NodeSqlite | undefined;
  if (module === undefined) return undefined;
  const probe = new module.DatabaseSync(":memory:");
  const statement = probe.prepare("select sqlite_version()");
  // Both came a little later than the module itself.
  const isComplete = typeof probe.isTransaction === "boolean" && typeof statement.setReturnArrays === "function";
  if (isComplete) statement.setReturnArrays(true);
  const version = isComplete ? (statement.get() as [string])[0] : undefined;
  probe.close();
  if (version === undefined) return undefined;
  return { name: "node:sqlite", sqliteVersion: version, open: (file) => connect(new module.DatabaseSync(file)) };
}

function connect(database: NodeDatabase): SqliteConnection {
  return {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    },
    get inTransaction() {
      return database.isTransaction;
    },
    close: () => database.close(),
  };
}
