// The migrations that the file has seen, in their order.
import { statement } from "./statement.js";

export const findMigrations = statement<[], [version: number, name: string, checksum: string]>(`
  select version, name, checksum
    from meanwhile_migrations
   order by version`);
