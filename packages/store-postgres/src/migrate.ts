// Brings the schema to this version of the code, while processes of other versions work in it; refuses one that it does not know.
//
// 1. Each migration, and each batch of a backfill, is a transaction of its own under one advisory lock: any number of processes may
//    migrate at once, and each step is done by one of them.
// 2. Whoever waits for the lock of a whole table makes everybody behind it wait. So a step waits for `lockTimeoutMs` only, lets everybody
//    pass, and is tried again: a long transaction of somebody delays the migration, and nobody else.
// 3. A process runs on newer tables as long as no migration that it does not know needs more than it knows (`Migration.needs`).
import { createHash } from "node:crypto";
import { AppError, type Clock } from "@meanwhile/core";
import type { Database, Session, Transaction } from "./database.js";
import { codeOf, unavailable } from "./errors.js";
import type { Migration } from "./migrations/migration.js";
import { findLockHolders } from "./statements/find-lock-holders.js";
import { findMigrations } from "./statements/find-migrations.js";
import { hasMigrationsTable } from "./statements/has-migrations-table.js";
import { insertMigration } from "./statements/insert-migration.js";

export interface MigrateOptions {
  /** Known to be a plain name. */
  readonly schema: string;
  readonly migrations: readonly Migration[];
  /** Longest time that a step waits for a lock, with everybody behind it. */
  readonly lockTimeoutMs: number;
  /** Longest time that a step is tried again. Default: 60 000. */
  readonly patienceMs?: number;
  readonly clock: Clock;
}

/** Any number would do; all processes that migrate take turns by it. */
const MIGRATION_LOCK = 7_013_201_988;

/** After each wait for a lock everybody else gets at least as much time. */
const PAUSE_FACTOR = 2;

const PATIENCE_MS = 60_000;

/**
 * @throws AppError `store_unavailable` where the schema was made by a newer version that this one cannot run beside, by another text of
 *   a migration, or where somebody holds a lock for too long; the steps that are done by then are done.
 */
export async function migrate(database: Database, options: MigrateOptions): Promise<void> {
  const { schema, migrations } = options;
  if ((await requireKnown(database, migrations)) >= migrations.length) return;
  await patiently(database, options, async (transaction) => {
    await transaction.exec(`create schema if not exists ${schema}`);
    await transaction.exec(`
      create table if not exists ${schema}.meanwhile_migrations (
        version integer primary key,
        name text not null,
        checksum text not null,
        needs integer not null, -- the version that a process must know to run beside it
        applied_at bigint not null
      )`);
  });
  while (await patiently(database, options, (transaction) => takeStep(transaction, migrations)));
}

/** @returns whether there may be another one. */
async function takeStep(transaction: Transaction, migrations: readonly Migration[]): Promise<boolean> {
  // Again, under the lock: another process may have been faster, and newer.
  const migration = migrations[await requireKnown(transaction, migrations)];
  if (migration === undefined) return false;
  if ("batch" in migration) {
    if ((await transaction.exec(migration.batch)) > 0) return true;
  } else await transaction.exec(migration.sql);
  await transaction.run(insertMigration, [migration.version, migration.name, checksum(migration), migration.needs]);
  return true;
}

/** In a transaction under the migrations' lock; again while somebody else has what it needs. */
async function patiently<T>(
  database: Database,
  { lockTimeoutMs, patienceMs = PATIENCE_MS, clock }: MigrateOptions,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const giveUpAt = clock.now() + patienceMs;
  for (;;) {
    try {
      return await database.write(async (transaction) => {
        await transaction.exec(`set local lock_timeout = ${lockTimeoutMs}; set local statement_timeout = 0`);
        await transaction.exec(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
        return work(transaction);
      });
    } catch (error) {
      if (!isLocked(error)) throw error;
      if (clock.now() >= giveUpAt) throw await lockedOut(database, { patienceMs, error });
      await new Promise<void>((resolve) => clock.after(lockTimeoutMs * PAUSE_FACTOR, resolve));
    }
  }
}

const isLocked = (error: unknown): boolean => error instanceof AppError && codeOf(error.cause) === "55P03";

async function lockedOut(
  database: Database,
  { patienceMs, error }: { patienceMs: number; error: unknown },
): Promise<AppError> {
  const holders = await database.list(findLockHolders, []);
  const named = holders.map(([pid, name, seconds]) => `process ${pid} ("${name}", for ${seconds} s)`).join(", ");
  return unavailable(
    `${database.where} could not be migrated within ${patienceMs} ms: other sessions hold locks on the tables. ` +
      `Transactions that are open: ${named === "" ? "none any more" : named}. End them (select pg_terminate_backend(process)), and migrate ` +
      "again; what is done so far stays.",
    error,
  );
}

/**
 * @returns how many migrations the schema has seen, perhaps more than are known here; 0 for one that meanwhile has not touched.
 * @throws AppError `store_unavailable` where the first of them are not ours, or this version cannot run beside the rest.
 */
export async function requireKnown(session: Session, migrations: readonly Migration[]): Promise<number> {
  const [[isMigrated]] = (await session.list(hasMigrationsTable, [])) as [[boolean]];
  if (!isMigrated) return 0;
  const seen = await session.list(findMigrations, []);
  for (const [version, name, applied, needs] of seen) {
    const known = migrations[version - 1];
    if (known === undefined) {
      // Made by a newer version, which says how old a process may be that runs beside it.
      if (needs <= migrations.length) continue;
      throw unavailable(
        `The PostgreSQL schema is at version ${seen.length}, made by a newer meanwhile; its migration ${version} ("${name}") needs processes that know version ${needs}, ` +
          `and this meanwhile knows ${migrations.length}. Update meanwhile here, or restore a backup from before the update.`,
      );
    }
    if (checksum(known) !== applied) {
      throw unavailable(
        `Migration ${version} ("${name}") of the PostgreSQL schema is not the one that this meanwhile ships. The schema was ` +
          "made by a changed or unreleased build; use that build, or start with a new schema.",
      );
    }
  }
  return seen.length;
}

function checksum(migration: Migration): string {
  return createHash("sha256")
    .update("batch" in migration ? migration.batch : migration.sql)
    .digest("hex");
}
