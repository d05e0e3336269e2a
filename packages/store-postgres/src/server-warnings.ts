// What of a server's state will hurt, and what to do about it; pure.
import type { StoreWarning } from "@meanwhile/core";
import type { ServerStateRow } from "./statements/read-server-state.js";

export interface OwnState {
  /** Connections that this process may open, the one that listens included. */
  readonly connections: number;
  /** Migrations that this version of the code knows. */
  readonly migrations: number;
}

/** What writes for longer delays the stream of all jobs visibly; ours take milliseconds. */
const HORIZON_PATIENCE_MS = 10_000;

/** @returns what is wrong, the worst first; none for a server with stock settings and room. */
export function findServerWarnings(state: ServerStateRow, own: OwnState): readonly StoreWarning[] {
  const [synchronousCommit, fsync, fullPageWrites, schemaVersion, slots, inUse, holder, heldMs] = state;
  const warnings: StoreWarning[] = [];
  if (fsync !== "on") {
    warnings.push({
      name: "durability",
      message: `fsync is ${fsync}: a loss of power or a crash of the machine can destroy the whole database, accepted jobs included`,
      advice: "Set fsync = on in postgresql.conf and reload.",
    });
  }
  if (fullPageWrites !== "on") {
    warnings.push({
      name: "durability",
      message: `full_page_writes is ${fullPageWrites}: a loss of power can leave pages half written, unless the file system never does`,
      advice: "Set full_page_writes = on in postgresql.conf and reload.",
    });
  }
  if (synchronousCommit === "off") {
    warnings.push({
      name: "durability",
      message:
        "synchronous_commit is off: what was answered 202 in the last moments before a crash of the server is lost",
      advice:
        "Set synchronous_commit = on, for the server or for this user (alter role … set synchronous_commit = on).",
    });
  }
  if (schemaVersion < own.migrations) {
    warnings.push({
      name: "migrations",
      message: `the tables have seen ${schemaVersion} of ${own.migrations} migrations`,
      advice: "Run meanwhile migrate (serve and worker do it by themselves).",
    });
  }
  const free = slots - inUse;
  if (free < own.connections) {
    warnings.push({
      name: "connections",
      message: `${inUse} of ${slots} are in use, and one process opens up to ${own.connections}`,
      advice: "Raise max_connections, lower poolSize, or end sessions that nobody needs (pg_stat_activity).",
    });
  }
  if (holder !== null && heldMs !== null && heldMs > HORIZON_PATIENCE_MS) {
    warnings.push({
      name: "log horizon",
      message: `${holder} has been writing for ${Math.round(heldMs / 1_000)} s: the stream of all jobs shows nothing newer until it ends (single jobs are not concerned)`,
      advice: "Commit or end that transaction; write long things in smaller ones.",
    });
  }
  return warnings;
}
