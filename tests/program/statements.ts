// Looks on at every statement that this process gives to SQLite, whichever library carries it.
import { createRequire } from "node:module";

interface Statement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown;
}

interface Library {
  prototype: { prepare(sql: string): Statement };
}

/** @param listener Called before the statement runs. Must be set before the store is opened. */
export function onStatements(listener: (sql: string) => void): void {
  for (const library of libraries()) {
    const { prepare } = library.prototype;
    library.prototype.prepare = function (this: unknown, sql: string) {
      const statement = prepare.call(this as never, sql);
      for (const name of ["run", "get", "all"] as const) {
        const call = statement[name];
        statement[name] = (...values) => {
          listener(sql);
          return call.apply(statement, values);
        };
      }
      return statement;
    };
  }
}

function libraries(): readonly Library[] {
  const found: Library[] = [];
  const own = process.getBuiltinModule("node:sqlite") as { DatabaseSync: Library } | undefined;
  if (own !== undefined) found.push(own.DatabaseSync);
  try {
    found.push(createRequire(import.meta.url)("better-sqlite3") as Library);
  } catch {
    // Not installed: then the store does not use it either.
  }
  return found;
}
