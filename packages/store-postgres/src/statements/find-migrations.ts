// The migrations that the database has seen.
import { statement } from "./statement.js";

export const findMigrations = statement<[], [version: number, name: string, checksum: string, needs: number]>(
  "find_migrations",
  `
  select version, name, checksum, needs
    from meanwhile_migrations
   order by version`,
);
