// A PostgreSQL server of the test's own, with stock durable settings: it can be stopped, crashed, copied and promoted.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, it } from "vitest";

/** `immediate`: as a loss of power, crash recovery follows. `fast`: connections are cut, and everything is written out. */
export type StopMode = "immediate" | "fast";

export interface PostgresCluster {
  readonly port: number;
  /** Of its superuser; without a password, on loopback. */
  readonly url: string;
  start(): Promise<void>;
  stop(mode: StopMode): Promise<void>;
  restart(mode: StopMode): Promise<void>;
  /** A streaming replica of it, running and read-only, with nothing but this one's data. @param options.synchronous Commits here wait for it. */
  startReplica(options?: { synchronous?: boolean }): Promise<PostgresCluster>;
  /** Makes a primary of a replica. */
  promote(): Promise<void>;
  /** One statement, on a connection of its own. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Looks through every table and index. @returns `ok`, or what is damaged. */
  findDamage(): Promise<readonly string[]>;
  /** What the server wrote down. */
  log(): string;
  /** Ends it, and removes all it had. */
  remove(): Promise<void>;
}

const BIN = newestBin();

/** `undefined` where a server can be made here; otherwise why not. Under CI the tests then fail. */
export const whyNoCluster: string | undefined = lookForServer();

function lookForServer(): string | undefined {
  if (BIN !== undefined) return undefined;
  const reason =
    "no PostgreSQL server is installed (initdb in /usr/lib/postgresql/*/bin or MEANWHILE_TEST_POSTGRES_BIN)";
  if (process.env.CI === "true") throw new Error(`Under CI these tests must run, and ${reason}.`);
  return reason;
}

/** A suite that makes servers, which takes its time: without one it is one skipped test, by its name and with the reason. */
export function describeWithCluster(name: string, body: () => void): void {
  if (whyNoCluster === undefined) describe(name, { timeout: 90_000 }, body);
  else it(name, ({ skip }) => skip(whyNoCluster));
}

/** @param options.settings Added to postgresql.conf, which is the stock one otherwise. */
export async function startPostgresCluster({
  settings = [],
}: {
  settings?: readonly string[];
} = {}): Promise<PostgresCluster> {
  const home = makeHome();
  await run("initdb", [
    "--auth=trust",
    "--username=postgres",
    "--encoding=UTF8",
    "--locale=C",
    "-D",
    join(home, "data"),
  ]);
  const cluster = clusterIn(home, await freePort(), settings);
  await cluster.start();
  return cluster;
}

function clusterIn(home: string, port: number, settings: readonly string[]): PostgresCluster {
  const data = join(home, "data");
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const options = [
    `-p ${port}`,
    `-k ${home}`,
    "-c listen_addresses=127.0.0.1",
    ...settings.map((each) => `-c ${each}`),
  ];
  const control = (...parts: readonly string[]) => run("pg_ctl", ["-D", data, ...parts]);
  const start = () => control("start", "-w", "-t", "60", "-l", join(home, "log"), "-o", options.join(" "));
  const stop = (mode: StopMode) => control("stop", "-w", "-t", "60", "-m", mode);
  const query = async <Row extends object>(sql: string, values: readonly unknown[] = []) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Row>(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  };
  return {
    port,
    url,
    start,
    stop,
    async restart(mode) {
      await stop(mode);
      await start();
    },
    async startReplica({ synchronous = false } = {}) {
      const replicaHome = makeHome();
      const standby = { user: "postgres", host: "127.0.0.1", port: String(port) };
      await run("pg_basebackup", [
        "-D",
        join(replicaHome, "data"),
        "-h",
        standby.host,
        "-p",
        standby.port,
        "-U",
        standby.user,
        "--write-recovery-conf",
        "--checkpoint=fast",
      ]);
      const replica = clusterIn(replicaHome, await freePort(), settings);
      await replica.start();
      if (synchronous) {
        await query("alter system set synchronous_standby_names = '*'");
        await query("select pg_reload_conf()");
      }
      return replica;
    },
    promote: async () => void (await query("select pg_promote(true, 60)")),
    query,
    findDamage: () =>
      run("pg_amcheck", [
        "--host=127.0.0.1",
        `--port=${port}`,
        "--username=postgres",
        "--install-missing",
        "--heapallindexed",
        "postgres",
      ]).then(
        () => ["ok"],
        (error: unknown) => [(error as Error).message],
      ),
    log: () => (existsSync(join(home, "log")) ? readFileSync(join(home, "log"), "utf8") : ""),
    async remove() {
      // Where it does not run any more there is nothing to end.
      await stop("immediate").catch(() => {});
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A folder that the server's user can write: root may not run a server. */
function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), "meanwhile-postgres-"));
  chmodSync(home, 0o777);
  mkdirSync(home, { recursive: true });
  return home;
}

/** @throws Error with what it printed where it fails. */
async function run(program: string, values: readonly string[]): Promise<void> {
  const file = join(BIN!, program);
  const isRoot = process.getuid?.() === 0;
  // pg_ctl leaves a server behind that keeps its output: nothing of it may be a pipe of ours.
  const keepsRunning = program === "pg_ctl";
  const child: ChildProcess = spawn(
    isRoot ? "runuser" : file,
    isRoot ? ["-u", "postgres", "--", file, ...values] : [...values],
    { cwd: "/", stdio: ["ignore", "ignore", keepsRunning ? "ignore" : "pipe"], env: environment() },
  );
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${program} ${values.join(" ")} ended with ${code}: ${output}`);
}

/** Settings of whoever runs the tests must not lead to another server. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PG")));
}

function newestBin(): string | undefined {
  const own = process.env.MEANWHILE_TEST_POSTGRES_BIN;
  if (own !== undefined) return own;
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return undefined;
  return readdirSync(root)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(root, version, "bin"))
    .find((bin) => existsSync(join(bin, "initdb")));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
