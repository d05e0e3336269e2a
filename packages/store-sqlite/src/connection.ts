// The open file as the rooms use it: typed statements, compiled on first use, and the write transaction.
import type { RunResult, SqliteConnection, SqliteStatement, SqlValue } from "./driver/driver.js";
import type { Statement } from "./statements/statement.js";

export interface Query<Parameters extends readonly SqlValue[], Row> {
  run(values: Parameters): RunResult;
  /** The first row. */
  find(values: Parameters): Row | undefined;
  list(values: Parameters): readonly Row[];
}

export interface Connection {
  query<Parameters extends readonly SqlValue[], Row>(statement: Statement<Parameters, Row>): Query<Parameters, Row>;
  /**
   * Runs `work` in a transaction that holds the write lock from its beginning: what it reads stays true until it
   * commits. Whatever it throws undoes all of it.
   */
  write<T>(work: () => T): T;
  /**
   * The same without waiting for the disk: the next `write` takes it along. When the power fails before that, it is as if it had
   * never been, and the file is whole. Only for what may be done again.
   */
  writeUnsynced<T>(work: () => T): T;
  /** Only inside `write`: undoes what `work` has written where it does not return `true`, and goes on. @returns what it returned. */
  attempt(work: () => boolean): boolean;
  readonly driver: SqliteConnection;
}

export function createConnection(driver: SqliteConnection): Connection {
  const begin = lazily(driver, "begin immediate");
  const commit = lazily(driver, "commit");
  const savepoint = lazily(driver, "savepoint attempt");
  const release = lazily(driver, "release attempt");
  /** How this file is written otherwise. */
  let usual: number | undefined;

  const write = <T>(work: () => T): T => {
    begin().run();
    try {
      const result = work();
      commit().run();
      return result;
    } catch (error) {
      // Some errors (disk full, IO) end the transaction by themselves.
      if (driver.inTransaction) driver.exec("rollback");
      throw error;
    }
  };

  return {
    driver,
    attempt(work) {
      savepoint().run();
      const succeeded = work();
      if (!succeeded) driver.exec("rollback to attempt");
      release().run();
      return succeeded;
    },
    query(statement) {
      const compiled = lazily(driver, statement.sql);
      return {
        run: (values) => compiled().run(...values),
        find: (values) => compiled().get(...values) as never,
        list: (values) => compiled().all(...values) as never,
      };
    },
    write,
    writeUnsynced(work) {
      usual ??= (driver.prepare("pragma synchronous").get() as [number])[0];
      // SQLite obeys this pragma when it compiles it, so it cannot be kept compiled.
      driver.exec("pragma synchronous = normal");
      try {
        return write(work);
      } finally {
        driver.exec(`pragma synchronous = ${usual}`);
      }
    },
  };
}

/** Compiled on first use: the tables need not be there before `migrate`. */
function lazily(driver: SqliteConnection, sql: string): () => SqliteStatement {
  let compiled: SqliteStatement | undefined;
  return () => {
    compiled ??= driver.prepare(sql);
    return compiled;
  };
}
