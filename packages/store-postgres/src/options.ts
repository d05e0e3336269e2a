// The options of the PostgreSQL store, their defaults and their limits.
import { type Clock, ConfigurationError, systemClock } from "@meanwhile/core";

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:5432/database`, with the parameters that libpq knows (`sslmode` and others). */
  url: string;
  /** The schema of meanwhile's tables; made by `migrate()`. Default: `meanwhile`. */
  schema?: string;
  /** Connections of this process at most, besides the one that listens. Default: 10. */
  poolSize?: number;
  /** Longest time that a call waits for a connection, in milliseconds. Default: 5 000. */
  connectTimeoutMs?: number;
  /** Longest time of one statement, in milliseconds. Default: 30 000. */
  statementTimeoutMs?: number;
  /** Longest time that a statement waits for rows that another transaction holds, in milliseconds. Default: 1 000. */
  lockTimeoutMs?: number;
  /** Times the waits between attempts to connect; never what is stored. Default: the machine's clock. */
  clock?: Clock;
}

export type ResolvedPostgresStoreOptions = Required<PostgresStoreOptions>;

/** @throws ConfigurationError naming the option, what came and what would do. */
export function resolvePostgresStoreOptions(options: PostgresStoreOptions): ResolvedPostgresStoreOptions {
  return {
    url: requireUrl(options.url),
    schema: requireSchema(options.schema ?? "meanwhile"),
    poolSize: requireInteger("poolSize", options.poolSize ?? 10, { min: 2, max: 1_000 }),
    connectTimeoutMs: requireInteger("connectTimeoutMs", options.connectTimeoutMs ?? 5_000, { min: 1, max: 600_000 }),
    statementTimeoutMs: requireInteger("statementTimeoutMs", options.statementTimeoutMs ?? 30_000, {
      min: 100,
      max: 3_600_000,
    }),
    lockTimeoutMs: requireInteger("lockTimeoutMs", options.lockTimeoutMs ?? 1_000, { min: 1, max: 600_000 }),
    clock: options.clock ?? systemClock,
  };
}

/** Without what opens it. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function requireUrl(url: unknown): string {
  if (typeof url === "string" && /^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new ConfigurationError(
    'url must be the address of a PostgreSQL database, for instance "postgres://user:password@localhost:5432/app"; ' +
      `what came ${typeof url === "string" ? "cannot be read as one" : `is ${typeof url}`}.`,
  );
}

// It becomes part of a connection's settings, where quoting has rules of its own.
function requireSchema(schema: unknown): string {
  if (typeof schema === "string" && /^[a-z_][a-z0-9_]{0,46}$/.test(schema)) return schema;
  throw new ConfigurationError(
    `schema is ${JSON.stringify(schema)}; it must be a plain name in lower case (a to z, 0 to 9, "_"; 47 at most), for instance "meanwhile".`,
  );
}

function requireInteger(name: string, value: unknown, { min, max }: { min: number; max: number }): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new ConfigurationError(`${name} is ${JSON.stringify(value)}; it must be a whole number from ${min} to ${max}.`);
}
