// Whether the schema has been migrated at all.
import { statement } from "./statement.js";

export const hasMigrationsTable = statement<[], [found: boolean]>(
  "has_migrations_table",
  `
  select to_regclass('meanwhile_migrations') is not null`,
);
