// Opens the file and sets the connection up; whatever is wrong with the file is said here, at the start.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type AppError, ConfigurationError } from "@meanwhile/core";
import { type Connection, createConnection } from "./connection.js";
import type { SqliteConnection, SqliteDriver } from "./driver/driver.js";
import { toOpenError } from "./errors.js";
import { requireKnown } from "./migrate.js";
import { MIGRATIONS } from "./migrations/index.js";
import type { ResolvedSqliteStoreOptions } from "./options.js";
import { createWorkQueue } from "./work-queue.js";

/**
 * How long SQLite itself may wait for a lock, with the event loop standing still: another process's short transaction.
 * Longer waits are the work queue's.
 */
const BLOCKING_WAIT_MS = 4;

/** A burst may leave a large write-ahead log; it shrinks to this at the next checkpoint. */
const WAL_KEPT_BYTES = 64 * 1024 * 1024;

/**
 * Pages of write-ahead log (4 MiB) after which a commit also checkpoints, while the event loop stands still. More pages
 * brought no throughput, but longer stalls: with 4 000 the slowest commit of a burst took twice as long.
 */
const CHECKPOINT_AFTER_PAGES = 1_000;

/** @throws ConfigurationError naming the file, what is wrong with it, and what would do. */
export async function openFile(driver: SqliteDriver, options: ResolvedSqliteStoreOptions): Promise<Connection> {
  const { file, clock, busyTimeoutMs } = options;
  if (file !== ":memory:") createFolder(file);
  const database = attempt(() => driver.open(file), file);
  const queue = createWorkQueue({ clock, file, busyTimeoutMs });
  try {
    // Changing the journal mode needs the file alone for a moment: two processes may start at once.
    await queue.write(() => configure(database, options));
    const connection = createConnection(database);
    await queue.write(() => connection.write(() => requireKnown(connection, { file, migrations: MIGRATIONS })));
    return connection;
  } catch (error) {
    database.close();
    throw atStart(error, file);
  }
}

function configure(
  database: SqliteConnection,
  { file, synchronous, cacheMebibytes }: ResolvedSqliteStoreOptions,
): void {
  database.exec(`pragma busy_timeout = ${BLOCKING_WAIT_MS}`);
  const [mode] = database.prepare("pragma journal_mode = wal").get() as [string];
  if (file !== ":memory:" && mode !== "wal") {
    throw new ConfigurationError(
      `The SQLite file "${file}" cannot use a write-ahead log here (journal mode "${mode}"). Put it on a local disk; network shares do not do.`,
    );
  }
  database.exec(`
    pragma synchronous = ${synchronous};
    pragma cache_size = -${cacheMebibytes * 1024};
    pragma temp_store = memory;
    pragma foreign_keys = on; -- for the user's own tables
    pragma wal_autocheckpoint = ${CHECKPOINT_AFTER_PAGES};
    pragma journal_size_limit = ${WAL_KEPT_BYTES};`);
}

function createFolder(file: string): void {
  const folder = dirname(file);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(
      `The folder "${folder}" of the SQLite file "${file}" cannot be created: ${reason}. Create it, or name another file.`,
      { cause: error },
    );
  }
}

function attempt<T>(open: () => T, file: string): T {
  try {
    return open();
  } catch (error) {
    throw atStart(error, file);
  }
}

/** What would be `store_unavailable` later stops the start now. */
function atStart(error: unknown, file: string): unknown {
  const known = toOpenError(error, file);
  if (isUnavailable(known)) return new ConfigurationError(known.message, { cause: known.cause ?? known });
  return known;
}

function isUnavailable(error: unknown): error is AppError {
  return error instanceof Error && "code" in error && error.code === "store_unavailable";
}
