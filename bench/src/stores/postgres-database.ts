// A fresh database on a PostgreSQL server that is already running, dropped with everything in it.
import pg from "pg";

export interface TemporaryDatabase {
  url: string;
  /** The server's processes that serve it now; they tell their CPU time where the server is on this machine. */
  backends(): Promise<number[]>;
  /** Pages of 8 KiB that were looked at in it, in memory or not, by connections that have ended. */
  pagesRead(): Promise<number>;
  /** Asks the database itself. */
  query(text: string): Promise<Record<string, string>[]>;
  drop(): Promise<void>;
}

let made = 0;

/** @param options.serverUrl A database in which databases may be created, as `postgres://user@host:port/database`. */
export async function createDatabase(options: { serverUrl: string }): Promise<TemporaryDatabase> {
  const name = `meanwhile_bench_${process.pid}_${++made}`;
  await query(options.serverUrl, `create database ${name}`);
  const url = new URL(options.serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    query: (text) => query(url.href, text),
    async backends() {
      const rows = await query(options.serverUrl, `select pid from pg_stat_activity where datname = '${name}'`);
      return rows.map(({ pid }) => Number(pid));
    },
    async pagesRead() {
      const text = `select blks_hit + blks_read as pages from pg_stat_database where datname = '${name}'`;
      return Number((await query(options.serverUrl, text))[0]?.pages);
    },
    drop: async () => void (await query(options.serverUrl, `drop database if exists ${name} with (force)`)),
  };
}

export async function postgresVersion(serverUrl: string): Promise<string> {
  const rows = await query(
    serverUrl,
    "select current_setting('server_version') as version, current_setting('fsync') as fsync, " +
      "current_setting('synchronous_commit') as commit, current_setting('shared_buffers') as buffers",
  );
  const { version, fsync, commit, buffers } = rows[0] ?? {};
  return `${version} (fsync ${fsync}, synchronous_commit ${commit}, shared_buffers ${buffers})`;
}

async function query(serverUrl: string, text: string): Promise<Record<string, string>[]> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, string>>(text)).rows;
  } finally {
    await client.end();
  }
}
