// Plain SQL on a store's file, past the store: what an auditor with a shell would see.
import { createRequire } from "node:module";

export interface Sql {
  all<Row>(sql: string, ...values: readonly (string | number)[]): readonly Row[];
  exec(sql: string): void;
  close(): void;
}

interface Database {
  exec(sql: string): unknown;
  prepare(sql: string): { all(...values: unknown[]): unknown[] };
  close(): unknown;
}

/** Waits for locks of the processes that use the file. */
export function openSql(file: string): Sql {
  const database = open(file);
  database.exec("pragma busy_timeout = 5000");
  return {
    all: <Row>(sql: string, ...values: readonly (string | number)[]) => database.prepare(sql).all(...values) as Row[],
    exec: (sql) => void database.exec(sql),
    close: () => void database.close(),
  };
}

function open(file: string): Database {
  const own = process.getBuiltinModule("node:sqlite") as { DatabaseSync: new (file: string) => Database } | undefined;
  if (own !== undefined) return new own.DatabaseSync(file);
  const Library = createRequire(import.meta.url)("better-sqlite3") as new (file: string) => Database;
  return new Library(file);
}
