// The table of migrations is the one table that no migration can make.
import { statement } from "./statement.js";

export const createMigrationsTable = statement(`
  create table if not exists meanwhile_migrations (
    version integer primary key,
    name text not null,
    checksum text not null,
    applied_at integer not null
  ) strict`);
