// Looks on at every statement that this process gives to its database, whichever library carries it.
import { createRequire } from "node:module";
import pg from "pg";

interface Statement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown;
}

interface Library {
  prototype: { prepare(sql: string): Statement };
}

export interface GivenStatement {
  readonly connection: object;
  readonly sql: string;
  readonly values: readonly unknown[];
}

type Listener = (statement: GivenStatement) => void;

/** @param listener Called before the statement runs. Must be set before the store is opened. */
export function onStatements(listener: Listener): void {
  watchSqlite(listener);
  watchPostgres(listener);
}

function watchPostgres(listener: Listener): void {
  const { prototype } = pg.Client;
  const query = prototype.query as (...all: unknown[]) => unknown;
  prototype.query = function (this: pg.Client, ...all: unknown[]) {
    const [first, second] = all;
    const config = typeof first === "string" ? { text: first, values: second } : (first as pg.QueryConfig);
    listener({ connection: this, sql: config.text, values: Array.isArray(config.values) ? config.values : [] });
    return query.apply(this, all);
  } as typeof prototype.query;
}

/** One file, one connection: whatever is written comes in one transaction after the other. */
const THE_FILE = {};

function watchSqlite(listener: Listener): void {
  for (const library of libraries()) {
    const { prepare } = library.prototype;
    library.prototype.prepare = function (this: unknown, sql: string) {
      const statement = prepare.call(this as never, sql);
      for (const name of ["run", "get", "all"] as const) {
        const call = statement[name];
        statement[name] = (...values) => {
          listener({ connection: THE_FILE, sql, values });
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
