// How far the log has holes, for readers that continue behind them.
import type { Migration } from "./migration.js";

export const purgedPositions: Migration = {
  version: 4,
  name: "purged-positions",
  sql: `
create table meanwhile_purged_positions (
  owner text not null primary key,
  position integer not null -- of the last event that went with a job of this owner
) strict, without rowid;

-- A reader asks for those behind it, of which there are mostly none.
create index meanwhile_purged_positions_position on meanwhile_purged_positions (position);
`,
};
