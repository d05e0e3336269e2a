// The options of the SQLite store, their defaults and their limits.
import { type Clock, ConfigurationError, systemClock } from "@meanwhile/core";
import type { DriverName } from "./driver/driver.js";

export interface SqliteStoreOptions {
  /** Path of the database file, or `":memory:"`. The folder is created where it is missing. */
  file: string;
  /**
   * `FULL` makes every commit survive a loss of power; `NORMAL` makes it survive the death of the process only, and is
   * faster on slow disks. Default: `FULL`.
   */
  synchronous?: "FULL" | "NORMAL";
  /** Longest time that a write waits for another process's writes, in milliseconds. Default: 5 000. */
  busyTimeoutMs?: number;
  /** How often `watch` looks for commits of other processes, in milliseconds. Default: 50. */
  watchEveryMs?: number;
  /** Memory for pages of the file, in mebibytes. Default: 64. */
  cacheMebibytes?: number;
  /** Default: the machine's clock. */
  clock?: Clock;
  /** One SQLite library and no other. Default: `node:sqlite` where it is recent enough, else `better-sqlite3`. */
  driver?: DriverName;
}

export type ResolvedSqliteStoreOptions = Required<Omit<SqliteStoreOptions, "driver">> & {
  readonly driver: DriverName | undefined;
};

/** @throws ConfigurationError naming the option, what came and what would do. */
export function resolveSqliteStoreOptions(options: SqliteStoreOptions): ResolvedSqliteStoreOptions {
  return {
    file: requireFile(options.file),
    synchronous: requireOneOf("synchronous", options.synchronous ?? "FULL", ["FULL", "NORMAL"]),
    busyTimeoutMs: requireInteger("busyTimeoutMs", options.busyTimeoutMs ?? 5_000, { min: 0, max: 600_000 }),
    watchEveryMs: requireInteger("watchEveryMs", options.watchEveryMs ?? 50, { min: 1, max: 60_000 }),
    cacheMebibytes: requireInteger("cacheMebibytes", options.cacheMebibytes ?? 64, { min: 1, max: 65_536 }),
    clock: options.clock ?? systemClock,
    driver:
      options.driver === undefined
        ? undefined
        : requireOneOf<DriverName>("driver", options.driver, ["node:sqlite", "better-sqlite3"]),
  };
}

function requireFile(file: unknown): string {
  if (typeof file === "string" && file !== "" && !file.includes("\0")) return file;
  throw new ConfigurationError(
    `file is ${JSON.stringify(file)}; it must be the path of a database file, for instance "./data/meanwhile.db", or ":memory:".`,
  );
}

function requireOneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new ConfigurationError(`${name} is ${JSON.stringify(value)}; it must be one of ${allowed.join(", ")}.`);
}

function requireInteger(name: string, value: number, { min, max }: { min: number; max: number }): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new ConfigurationError(`${name} is ${value}; it must be a whole number from ${min} to ${max}.`);
}
