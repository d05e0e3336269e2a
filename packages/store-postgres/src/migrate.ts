// Brings the schema to this version of the code, and refuses one that it does not know.
import { createHash } from "node:crypto";
import type { Database, Session } from "./database.js";
import { unavailable } from "./errors.js";
import type { Migration } from "./migrations/migration.js";
import { findMigrations } from "./statements/find-migrations.js";
import { hasMigrationsTable } from "./statements/has-migrations-table.js";
import { insertMigration } from "./statements/insert-migration.js";

export interface MigrateOptions {
  /** Known to be a plain name. */
  readonly schema: string;
  readonly migrations: readonly Migration[];
}

/** Any number would do; all processes that migrate take turns by it. */
const MIGRATION_LOCK = 7_013_201_988;

/** @throws AppError `store_unavailable` where the schema was made by a newer version, or by another text of a migration. */
export async function migrate(database: Database, { schema, migrations }: MigrateOptions): Promise<void> {
  if ((await requireKnown(database, migrations)) === migrations.length) return;
  await database.write(async (transaction) => {
    // Whoever waits here waits for whole migrations.
    await transaction.exec(`set local lock_timeout = 0; set local statement_timeout = 0`);
    await transaction.exec(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    await transaction.exec(`create schema if not exists ${schema}`);
    await transaction.exec(`
      create table if not exists ${schema}.meanwhile_migrations (
        version integer primary key,
        name text not null,
        checksum text not null,
        applied_at bigint not null
      )`);
    // Again, under the lock: another process may have been faster, and newer.
    const applied = await requireKnown(transaction, migrations);
    for (const migration of migrations.slice(applied)) {
      await transaction.exec(migration.sql);
      await transaction.run(insertMigration, [migration.version, migration.name, checksum(migration)]);
    }
  });
}

/**
 * @returns how many migrations the schema has seen; 0 for one that meanwhile has not touched.
 * @throws AppError `store_unavailable` where they are not the first of ours.
 */
export async function requireKnown(session: Session, migrations: readonly Migration[]): Promise<number> {
  const [[isMigrated]] = (await session.list(hasMigrationsTable, [])) as [[boolean]];
  if (!isMigrated) return 0;
  const seen = await session.list(findMigrations, []);
  for (const [version, name, applied] of seen) {
    const known = migrations[version - 1];
    if (known === undefined) {
      throw unavailable(
        `The PostgreSQL schema is at version ${version} ("${name}"), made by a newer meanwhile; this one knows ` +
          `${migrations.length}. Update meanwhile here, or restore a backup from before the update.`,
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

function checksum({ sql }: Migration): string {
  return createHash("sha256").update(sql).digest("hex");
}
