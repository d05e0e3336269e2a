// The SQLite store: the rooms over one connection, behind one work queue.
import type {
  ApiKeyStore,
  Clock,
  DeliveryStore,
  EventStore,
  FileRecordStore,
  JobId,
  JobLogStore,
  JobStore,
  SecretStore,
  Store,
  WebhookEndpointStore,
} from "@meanwhile/core";
import { createApiKeys } from "./api-keys.js";
import { behindQueue, type MethodKinds } from "./behind-queue.js";
import type { Connection } from "./connection.js";
import { createDeliveries } from "./deliveries.js";
import { createDeliveryWriter } from "./delivery-writer.js";
import type { DriverName } from "./driver/driver.js";
import { loadDriver } from "./driver/load-driver.js";
import { createEvents } from "./events.js";
import { createFileLinks } from "./file-links.js";
import { createFiles } from "./files.js";
import { checkHealth } from "./health.js";
import { createJobs } from "./jobs.js";
import { createLogs } from "./logs.js";
import { migrate } from "./migrate.js";
import { MIGRATIONS } from "./migrations/index.js";
import { openFile } from "./open-file.js";
import { type ResolvedSqliteStoreOptions, resolveSqliteStoreOptions, type SqliteStoreOptions } from "./options.js";
import { createSecrets } from "./secrets.js";
import { createWatch } from "./watch.js";
import { createWebhookEndpoints } from "./webhook-endpoints.js";
import { createWorkQueue, type WorkQueue } from "./work-queue.js";

/**
 * Opens a store in one SQLite file. Several processes of one machine may share it.
 * The tables are made by `migrate()`, not here.
 *
 * @throws ConfigurationError where an option is wrong, no SQLite library is there, or the file cannot be used: missing
 *   rights, not a database, damaged, made by a newer version. The message names the file and what would do.
 * @example
 * const store = await createSqliteStore({ file: "./data/meanwhile.db" });
 * await store.migrate();
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const resolved = resolveSqliteStoreOptions(options);
  const driver = loadDriver(resolved.driver);
  return storeOn(await openFile(driver, resolved), { ...resolved, driver: driver.name });
}

/** The store over a connection that is open and set up. */
export function storeOn(
  connection: Connection,
  {
    file,
    clock,
    busyTimeoutMs,
    watchEveryMs,
    driver,
  }: Pick<ResolvedSqliteStoreOptions, "file" | "clock" | "busyTimeoutMs" | "watchEveryMs"> & { driver: DriverName },
): Store {
  const queue = createWorkQueue({ clock, file, busyTimeoutMs });
  const watch = createWatch(connection, { clock, everyMs: watchEveryMs });
  const links = createFileLinks(connection);
  const deliveryWriter = createDeliveryWriter(connection);
  const jobs = createJobs(connection, { links, deliveries: deliveryWriter, clock });
  let closing: Promise<void> | undefined;

  return {
    name: `sqlite:${file}`,
    jobs: {
      ...behindQueue<Omit<JobStore, "purge">>(jobs, JOB_METHODS, queue),
      purge: purgeInSteps(jobs.purgeStep, { queue, clock }),
    },
    events: behindQueue<EventStore>(createEvents(connection), EVENT_METHODS, queue),
    logs: behindQueue<JobLogStore>(createLogs(connection), LOG_METHODS, queue),
    files: behindQueue<FileRecordStore>(createFiles(connection, { links, clock }), FILE_METHODS, queue),
    apiKeys: behindQueue<ApiKeyStore>(createApiKeys(connection), API_KEY_METHODS, queue),
    secrets: behindQueue<SecretStore>(createSecrets(connection), SECRET_METHODS, queue),
    deliveries: {
      ...behindQueue<QueuedDeliveryStore>(
        createDeliveries(connection, { hint: deliveryWriter.hint, clock }),
        DELIVERY_METHODS,
        queue,
      ),
      configure: deliveryWriter.configure,
      onQueued: deliveryWriter.onQueued,
    },
    webhookEndpoints: behindQueue<WebhookEndpointStore>(createWebhookEndpoints(connection), ENDPOINT_METHODS, queue),

    now: async () => clock.now(),
    // No other process can see this memory: there is nothing to look for.
    watch: file === ":memory:" ? () => () => {} : (listener) => watch.add(listener),
    migrate: () => queue.write(() => migrate(connection, { file, clock, migrations: MIGRATIONS })),

    async check() {
      try {
        return await queue.write(() => checkHealth(connection, { clock, driver }));
      } catch (error) {
        return { ok: false, reason: error instanceof Error ? error.message : String(error) };
      }
    },

    close() {
      closing ??= (async () => {
        watch.close();
        await queue.close();
        closeConnection(connection);
      })();
      return closing;
    },
  };
}

/** The write-ahead log goes into the file, so that the file alone is a whole copy. */
function closeConnection({ driver }: Connection): void {
  try {
    driver.exec("pragma wal_checkpoint(truncate)");
  } catch {
    // Another process reads or writes, or the disk is full: the log stays beside the file, and nothing is lost.
  }
  driver.close();
}

/** `purge` takes as many transactions as it needs; whatever came meanwhile goes in between. */
function purgeInSteps(
  purgeStep: ReturnType<typeof createJobs>["purgeStep"],
  { queue, clock }: { queue: WorkQueue; clock: Clock },
): JobStore["purge"] {
  return async (jobIds, { minTombstoneMs, now = clock.now() }) => {
    const purged: JobId[] = [];
    for (let rest = jobIds; rest.length > 0; ) {
      const left = rest;
      const step = await queue.write(() => purgeStep(left, { minTombstoneMs, now }));
      purged.push(...step.purged);
      rest = step.rest;
      if (rest.length > 0) await new Promise<void>((resolve) => clock.nextTurn(resolve));
    }
    return purged;
  };
}

const JOB_METHODS: MethodKinds<Omit<JobStore, "purge">> = {
  insert: "write",
  findKeyHolder: "read",
  claim: "write",
  commit: "write",
  extendLeases: "write",
  find: "read",
  findTombstone: "read",
  list: "read",
  countAhead: "read",
  countWaiting: "read",
  makeReady: "write",
  findDue: "read",
  findPurgeable: "read",
  removeTombstones: "write",
};

const EVENT_METHODS: MethodKinds<EventStore> = { read: "read", lastSeqs: "read", readLog: "read", logEnd: "read" };

const LOG_METHODS: MethodKinds<JobLogStore> = { append: "write", read: "read" };

const FILE_METHODS: MethodKinds<FileRecordStore> = {
  insert: "write",
  find: "read",
  link: "write",
  linkedTo: "read",
  findExpired: "read",
  remove: "write",
};

const SECRET_METHODS: MethodKinds<SecretStore> = { ensure: "write" };

type QueuedDeliveryStore = Omit<DeliveryStore, "configure" | "onQueued">;

const DELIVERY_METHODS: MethodKinds<QueuedDeliveryStore> = {
  claim: "write",
  settle: "write",
  handBack: "write",
  find: "read",
  list: "read",
  requeue: "write",
  recover: "write",
  stop: "write",
  prune: "write",
};

const ENDPOINT_METHODS: MethodKinds<WebhookEndpointStore> = {
  insert: "write",
  find: "read",
  list: "read",
  update: "write",
  remove: "write",
};

const API_KEY_METHODS: MethodKinds<ApiKeyStore> = {
  insert: "write",
  findByHash: "read",
  list: "read",
  revoke: "write",
};
