// Notes a migration.
import { now, statement } from "./statement.js";

export const insertMigration = statement<[version: number, name: string, checksum: string, needs: number]>(
  "insert_migration",
  `
  insert into meanwhile_migrations (version, name, checksum, needs, applied_at)
  values ($1, $2, $3, $4, ${now("null")})`,
);
