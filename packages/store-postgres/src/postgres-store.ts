// The PostgreSQL store: the rooms over one pool of connections.
import { ConfigurationError, type Store } from "@meanwhile/core";
import { createApiKeys } from "./api-keys.js";
import { connectionConfig, createDatabase, type Database } from "./database.js";
import { createDeliveries } from "./deliveries.js";
import { createDeliveryWriter } from "./delivery-writer.js";
import { toOpenError } from "./errors.js";
import { createEvents } from "./events.js";
import { createFiles } from "./files.js";
import { ensureGeneration } from "./generation.js";
import { checkHealth } from "./health.js";
import { createJobs } from "./jobs.js";
import { createLogs } from "./logs.js";
import { migrate, requireKnown } from "./migrate.js";
import { MIGRATIONS } from "./migrations/index.js";
import {
  type PostgresStoreOptions,
  type ResolvedPostgresStoreOptions,
  resolvePostgresStoreOptions,
  shownUrl,
} from "./options.js";
import { createSecrets } from "./secrets.js";
import { readNow } from "./statements/read-now.js";
import { readServerVersion } from "./statements/read-server-version.js";
import { createWakeups } from "./wakeups.js";
import { createWebhookEndpoints } from "./webhook-endpoints.js";

/** The oldest server that knows `xid8`. */
const OLDEST_SERVER = 13;

/**
 * Opens a store in a PostgreSQL database. Any number of processes, on any number of hosts, may share it.
 * The tables are made by `migrate()`, not here.
 *
 * @throws ConfigurationError where an option is wrong, or the database cannot be used: not reached, user or password refused, too
 *   old, tables of a newer version. The message names the database, never its password, and what would do.
 * @example
 * const store = await createPostgresStore({ url: "postgres://app:secret@localhost:5432/app" });
 * await store.migrate();
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const resolved = resolvePostgresStoreOptions(options);
  const database = createDatabase(resolved);
  try {
    await requireServer(database);
    if ((await requireKnown(database, MIGRATIONS)) > 0) await ensureGeneration(database);
  } catch (error) {
    await database.close();
    throw toOpenError(error, database.where);
  }
  return storeOn(database, resolved);
}

function storeOn(database: Database, options: ResolvedPostgresStoreOptions): Store {
  const { schema, clock, url } = options;
  const deliveryWriter = createDeliveryWriter();
  const channel = `meanwhile_${schema}`;
  const wakeups = createWakeups(database, { config: connectionConfig(options), channel, clock });
  let closing: Promise<void> | undefined;
  const { jobs, transactions } = createJobs(database, {
    deliveries: deliveryWriter,
    handlers: options,
    users: { schema, channel },
  });

  return {
    name: shownUrl(url),
    jobs,
    transactions,
    events: createEvents(database),
    logs: createLogs(database),
    files: createFiles(database),
    apiKeys: createApiKeys(database),
    secrets: createSecrets(database),
    deliveries: {
      ...createDeliveries(database, { hint: deliveryWriter.hint }),
      configure: deliveryWriter.configure,
      onQueued: deliveryWriter.onQueued,
    },
    webhookEndpoints: createWebhookEndpoints(database),

    now: async () => (await database.list(readNow, [null]))[0]![0],
    watch: (listener) => wakeups.add(listener),

    async migrate() {
      await migrate(database, { schema, migrations: MIGRATIONS, lockTimeoutMs: options.lockTimeoutMs, clock });
      await ensureGeneration(database);
    },

    async check() {
      try {
        return await checkHealth(database, { connections: options.poolSize + 1, migrations: MIGRATIONS.length });
      } catch (error) {
        return { ok: false, reason: error instanceof Error ? error.message : String(error) };
      }
    },

    close() {
      closing ??= (async () => {
        await wakeups.close();
        await database.close();
      })();
      return closing;
    },
  };
}

async function requireServer(database: Database): Promise<void> {
  const [[version, text]] = (await database.list(readServerVersion, [])) as [[number, string]];
  if (Math.floor(version / 10_000) >= OLDEST_SERVER) return;
  throw new ConfigurationError(
    `${database.where} is PostgreSQL ${text}; meanwhile needs ${OLDEST_SERVER} or later, and is tested with 15. Update the server.`,
  );
}
