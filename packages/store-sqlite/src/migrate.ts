// Brings the tables to this version of the code. Two processes may try at once: the write lock lets one do it.
import { createHash } from "node:crypto";
import type { Clock } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import { unavailable } from "./errors.js";
import type { Migration } from "./migrations/migration.js";
import { createMigrationsTable } from "./statements/create-migrations-table.js";
import { findMigrations } from "./statements/find-migrations.js";
import { hasMigrationsTable } from "./statements/has-migrations-table.js";
import { insertMigration } from "./statements/insert-migration.js";

export interface MigrateOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly migrations: readonly Migration[];
}

/** @throws AppError `store_unavailable` where the file was made by a newer version, or by another text of a migration. */
export function migrate(connection: Connection, { file, clock, migrations }: MigrateOptions): void {
  requireKnown(connection, { file, migrations });
  if (schemaVersion(connection) === migrations.length) return;
  connection.write(() => {
    connection.query(createMigrationsTable).run([]);
    // Again, under the lock: another process may have been faster, and newer.
    requireKnown(connection, { file, migrations });
    const applied = connection.query(findMigrations).list([]).length;
    const insert = connection.query(insertMigration);
    for (const migration of migrations.slice(applied)) {
      connection.driver.exec(migration.sql);
      insert.run([migration.version, migration.name, checksum(migration), clock.now()]);
    }
  });
}

/** The highest migration that the file has seen; 0 for a file that meanwhile has not touched. */
export function schemaVersion(connection: Connection): number {
  if (connection.query(hasMigrationsTable).find([]) === undefined) return 0;
  return connection.query(findMigrations).list([]).length;
}

/** @throws AppError `store_unavailable` where the file's migrations are not the first of ours. */
export function requireKnown(
  connection: Connection,
  { file, migrations }: { file: string; migrations: readonly Migration[] },
): void {
  if (connection.query(hasMigrationsTable).find([]) === undefined) return;
  for (const [version, name, applied] of connection.query(findMigrations).list([])) {
    const known = migrations[version - 1];
    if (known === undefined) {
      throw unavailable(
        `The SQLite file "${file}" is at schema version ${version} ("${name}"), made by a newer meanwhile; this one ` +
          `knows ${migrations.length}. Update meanwhile here, or restore a backup from before the update.`,
      );
    }
    if (checksum(known) !== applied) {
      throw unavailable(
        `Migration ${version} ("${name}") of the SQLite file "${file}" is not the one that this meanwhile ships. ` +
          "The file was made by a changed or unreleased build; use that build, or start with a new file.",
      );
    }
  }
}

function checksum({ sql }: Migration): string {
  return createHash("sha256").update(sql).digest("hex");
}
