// Chooses the SQLite library: Node's own where it is recent enough, else better-sqlite3.
import { ConfigurationError } from "@meanwhile/core";
import { loadBetterSqlite3 } from "./better-sqlite3.js";
import type { DriverName, SqliteDriver } from "./driver.js";
import { loadNodeSqlite } from "./node-sqlite.js";

/** Older ones can corrupt a WAL that several connections write and checkpoint (SQLite's "WAL-reset bug"). */
const MIN_SQLITE_VERSION = "3.51.3";

/**
 * @param wanted One driver and no other, for tests and comparisons.
 * @throws ConfigurationError where no library will do; it says what to install.
 */
export function loadDriver(wanted?: DriverName): SqliteDriver {
  const reasons: string[] = [];
  if (wanted !== "better-sqlite3") {
    const own = loadNodeSqlite();
    if (own !== undefined && isRecent(own.sqliteVersion)) return own;
    reasons.push(
      own === undefined
        ? `Node ${process.version} has no usable node:sqlite`
        : `node:sqlite of Node ${process.version} is SQLite ${own.sqliteVersion}, older than ${MIN_SQLITE_VERSION}`,
    );
  }
  if (wanted !== "node:sqlite") {
    try {
      const library = loadBetterSqlite3();
      if (isRecent(library.sqliteVersion)) return library;
      reasons.push(`better-sqlite3 is SQLite ${library.sqliteVersion}, older than ${MIN_SQLITE_VERSION}`);
    } catch (error) {
      reasons.push(`better-sqlite3 could not be loaded (${firstLine(error)})`);
    }
  }
  throw new ConfigurationError(
    `There is no SQLite to work with: ${reasons.join("; ")}. ` +
      'Run "npm install better-sqlite3@12.11.1" (or "npm rebuild better-sqlite3" after changing Node), or use Node 24 or later.',
  );
}

function isRecent(version: string): boolean {
  const [wantedMajor = 0, wantedMinor = 0, wantedPatch = 0] = MIN_SQLITE_VERSION.split(".").map(Number);
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  if (major !== wantedMajor) return major > wantedMajor;
  if (minor !== wantedMinor) return minor > wantedMinor;
  return patch >= wantedPatch;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
