// Notes what a store prepares on its SQLite connection, whichever library it uses, and asks SQLite for the plans.
import { createRequire } from "node:module";

interface Connection {
  prepare(sql: string): { all(...values: null[]): unknown[] };
}

interface ConnectionClass {
  prototype: Connection;
}

export interface PlannedStatement {
  /** In one line. */
  sql: string;
  /** SQLite's own words, a line per step. */
  plan: string[];
}

/** For a process that is not measured: it stands between the store and its library. */
export class StatementRecorder {
  readonly #prepared = new Map<string, Connection>();
  readonly #restore: (() => void)[] = [];

  /** Notes every statement that is prepared from now on, on any connection of this process. */
  start(): void {
    for (const { prototype } of sqliteLibraries()) {
      const { prepare } = prototype;
      const prepared = this.#prepared;
      prototype.prepare = function (this: Connection, sql) {
        prepared.set(sql, this);
        return prepare.call(this, sql);
      };
      this.#restore.push(() => {
        prototype.prepare = prepare;
      });
    }
  }

  /** Ends the noting. @returns the statements in the order of their preparation; those without a plan (`begin`) are left out. */
  stop(): PlannedStatement[] {
    for (const restore of this.#restore.splice(0)) restore();
    const planned = [...this.#prepared].map(([sql, connection]) => ({
      sql: oneLine(sql),
      plan: planOf(connection, sql),
    }));
    return planned.filter(({ plan }) => plan.length > 0);
  }
}

function planOf(connection: Connection, sql: string): string[] {
  const parameters = sql
    .split("?")
    .slice(1)
    .map(() => null);
  const rows = connection.prepare(`explain query plan ${sql}`).all(...parameters) as { detail: string }[];
  return rows.map(({ detail }) => detail);
}

function oneLine(sql: string): string {
  return sql.replaceAll(/--.*$/gm, "").replaceAll(/\s+/g, " ").trim();
}

/** The classes of the libraries that the store may choose from. */
function sqliteLibraries(): ConnectionClass[] {
  const own = process.getBuiltinModule("node:sqlite") as { DatabaseSync: ConnectionClass } | undefined;
  const found = own === undefined ? [] : [own.DatabaseSync];
  try {
    // The store's own copy of it.
    found.push(createRequire(import.meta.resolve("@meanwhile/store-sqlite"))("better-sqlite3") as ConnectionClass);
  } catch {
    // An optional library, which a recent Node does not need.
  }
  return found;
}
