// What the server is, and how much of it is used.
import { statement } from "./statement.js";

export type FactsRow = [
  serverVersion: string,
  synchronousCommit: string,
  fsync: string,
  schemaVersion: number,
  logGeneration: number,
  logHorizonLagTransactions: number,
  databaseSizeBytes: number,
];

export const readFacts = statement<[], FactsRow>(
  "read_facts",
  `
  select current_setting('server_version'),
         current_setting('synchronous_commit'),
         current_setting('fsync'),
         (select count(*) from meanwhile_migrations),
         (select max(generation) from meanwhile_generations),
         -- How far whole-log readers are behind: transactions that run now, anywhere on this server, hold them up.
         pg_snapshot_xmax(pg_current_snapshot())::text::bigint - pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
         pg_database_size(current_database())`,
);
