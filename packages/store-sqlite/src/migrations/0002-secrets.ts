// Secrets that the processes on one file share.
import type { Migration } from "./migration.js";

export const secrets: Migration = {
  version: 2,
  name: "secrets",
  sql: `
create table meanwhile_secrets (
  name text not null primary key,
  value text not null
) strict, without rowid;
`,
};
