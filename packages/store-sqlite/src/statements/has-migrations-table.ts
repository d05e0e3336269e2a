// Whether meanwhile has ever migrated this file.
import { statement } from "./statement.js";

export const hasMigrationsTable = statement<[], [found: 1]>(`
  select 1 as found
    from sqlite_schema
   where type = 'table'
     and name = 'meanwhile_migrations'`);
