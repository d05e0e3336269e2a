// Notes that a migration was applied.
import { statement } from "./statement.js";

export const insertMigration = statement<[version: number, name: string, checksum: string, appliedAt: number]>(`
  insert into meanwhile_migrations (version, name, checksum, applied_at)
  values (?, ?, ?, ?)`);
