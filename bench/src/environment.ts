// Facts about the machine and the software under measurement, for the head of the report.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Entrant, StoreKind } from "./entrants.js";
import { postgresVersion } from "./stores/postgres-database.js";
import { redisVersion } from "./stores/redis-server.js";
import type { StoreServers } from "./turn.js";

const require = createRequire(import.meta.url);

export interface Environment {
  facts: Record<string, string>;
  /** Why a kind of store cannot be used here; absent kinds can. */
  missing: Partial<Record<StoreKind, string>>;
}

export async function inspectEnvironment(entrants: readonly Entrant[], servers: StoreServers): Promise<Environment> {
  const missing: Environment["missing"] = {};
  const redis = await versionOr(
    () => redisVersion(servers.redisCommand),
    (reason) => {
      missing.redis = missing["redis-aof"] = `No redis-server to start ("${servers.redisCommand}"): ${reason}`;
    },
  );
  const postgres = await versionOr(
    () => postgresVersion(servers.postgresUrl),
    (reason) => {
      missing.postgres = `No PostgreSQL at ${servers.postgresUrl}: ${reason}`;
    },
  );
  const facts = {
    Commit: await commit(),
    Machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`,
    Node: process.version,
    Libraries: (await versionsOf(new Set(entrants.flatMap((entrant) => entrant.packages)))).join(", "),
    Redis: redis,
    PostgreSQL: postgres,
    "Load before": loadText(),
  };
  return { facts, missing };
}

/** The machine's load averages over 1, 5 and 15 minutes. */
export function loadText(): string {
  return loadavg()
    .map((value) => value.toFixed(2))
    .join(" ");
}

async function versionOr(ask: () => Promise<string>, onMissing: (reason: string) => void): Promise<string> {
  try {
    return await ask();
  } catch (error) {
    onMissing(error instanceof Error ? error.message : String(error));
    return "not available";
  }
}

function versionsOf(packages: Iterable<string>): Promise<string[]> {
  return Promise.all([...packages].map(async (name) => `${name} ${await installedVersion(name)}`));
}

/** Packages need not export their package.json, so it is looked for upwards of their main file. */
async function installedVersion(name: string): Promise<string> {
  let directory = dirname(require.resolve(name));
  while (dirname(directory) !== directory) {
    const manifest = await readManifest(join(directory, "package.json"));
    if (manifest?.name === name && manifest.version !== undefined) return manifest.version;
    directory = dirname(directory);
  }
  return "unknown";
}

async function readManifest(path: string): Promise<{ name?: string; version?: string } | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined; // No manifest here: the search goes on one directory up.
  }
}

async function commit(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("git", ["describe", "--always", "--dirty"]);
    return stdout.trim();
  } catch {
    return "not a checkout";
  }
}
