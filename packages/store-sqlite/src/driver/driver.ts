// The driver seam: the little that this store needs of an SQLite library, whichever it is.

/** What SQLite keeps. There is no `undefined` and no `boolean` among them: bind `null`, 0 or 1. */
export type SqlValue = string | number | bigint | null | Uint8Array;

export interface SqliteStatement {
  run(...values: readonly SqlValue[]): RunResult;
  /** The first row, or `undefined`. Rows are arrays: making an object of each costs as much as reading it. */
  get(...values: readonly SqlValue[]): unknown;
  all(...values: readonly SqlValue[]): readonly unknown[];
}

export interface RunResult {
  readonly changes: number | bigint;
  readonly lastInsertRowid: number | bigint;
}

/** One open file. Everything is synchronous: SQLite lives in this process. */
export interface SqliteConnection {
  /** Runs one or several statements without parameters; rows are thrown away. */
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  /** Whether a transaction is open; an error may have ended it. */
  readonly inTransaction: boolean;
  close(): void;
}

export interface SqliteDriver {
  readonly name: DriverName;
  /** SQLite's own version, for instance `3.53.2`. */
  readonly sqliteVersion: string;
  open(file: string): SqliteConnection;
}

export type DriverName = "node:sqlite" | "better-sqlite3";
