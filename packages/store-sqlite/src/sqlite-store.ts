// The SQLite store: the rooms over one connection, behind one work queue.
import type { ApiKeyStore, EventStore, FileRecordStore, JobId, JobLogStore, JobStore, Store } from "@meanwhile/core";
import { createApiKeys } from "./api-keys.js";
import type { Connection } from "./connection.js";
import { loadDriver } from "./driver/load-driver.js";
import { createEvents } from "./events.js";
import { createFileLinks } from "./file-links.js";
import { createFiles } from "./files.js";
import { checkHealth } from "./health.js";
import { createJobs, type SynchronousJobs } from "./jobs.js";
import { createLogs } from "./logs.js";
import { migrate } from "./migrate.js";
import { MIGRATIONS } from "./migrations/index.js";
import { openFile } from "./open-file.js";
import { resolveSqliteStoreOptions, type SqliteStoreOptions } from "./options.js";
import type { Synchronous } from "./synchronous.js";
import { createWatch } from "./watch.js";
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
  const { file, clock, busyTimeoutMs, watchEveryMs } = resolved;
  const driver = loadDriver(resolved.driver);
  const connection = await openFile(driver, resolved);
  const queue = createWorkQueue({ clock, file, busyTimeoutMs });
  const watch = createWatch(connection, { clock, everyMs: watchEveryMs });
  const links = createFileLinks(connection);
  let closing: Promise<void> | undefined;

  return {
    name: `sqlite:${file}`,
    jobs: queueJobs(createJobs(connection, { links, clock }), { queue, clock }),
    events: queueEvents(createEvents(connection), queue),
    logs: queueLogs(createLogs(connection), queue),
    files: queueFiles(createFiles(connection, { links, clock }), queue),
    apiKeys: queueApiKeys(createApiKeys(connection), queue),

    now: async () => clock.now(),
    watch: (listener) => watch.add(listener),
    migrate: () => queue.write(() => migrate(connection, { file, clock, migrations: MIGRATIONS })),

    async check() {
      try {
        return await queue.write(() => checkHealth(connection, { clock, driver: driver.name }));
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

type JobsOptions = { queue: WorkQueue; clock: { now(): number; nextTurn(callback: () => void): void } };

function queueJobs(jobs: SynchronousJobs, { queue, clock }: JobsOptions): JobStore {
  return {
    insert: (groups) => queue.write(() => jobs.insert(groups)),
    claim: (request) => queue.write(() => jobs.claim(request)),
    commit: (changes, options) => queue.write(() => jobs.commit(changes, options)),
    extendLeases: (leases, options) => queue.write(() => jobs.extendLeases(leases, options)),
    find: (jobId) => queue.read(() => jobs.find(jobId)),
    findTombstone: (jobId) => queue.read(() => jobs.findTombstone(jobId)),
    list: (query) => queue.read(() => jobs.list(query)),
    countAhead: (jobId, options) => queue.read(() => jobs.countAhead(jobId, options)),
    countWaiting: (types, options) => queue.read(() => jobs.countWaiting(types, options)),
    makeReady: (options) => queue.write(() => jobs.makeReady(options)),
    findDue: (due, options) => queue.read(() => jobs.findDue(due, options)),
    findPurgeable: (options) => queue.read(() => jobs.findPurgeable(options)),
    async purge(jobIds, { minTombstoneMs, now = clock.now() }) {
      const purged: JobId[] = [];
      for (let rest = jobIds; rest.length > 0; ) {
        const left = rest;
        const step = await queue.write(() => jobs.purgeStep(left, { minTombstoneMs, now }));
        purged.push(...step.purged);
        rest = step.rest;
        // Whatever came meanwhile goes first.
        if (rest.length > 0) await new Promise<void>((resolve) => clock.nextTurn(resolve));
      }
      return purged;
    },
    removeTombstones: (options) => queue.write(() => jobs.removeTombstones(options)),
  };
}

function queueEvents(events: Synchronous<EventStore>, queue: WorkQueue): EventStore {
  return {
    read: (jobId, options) => queue.read(() => events.read(jobId, options)),
    lastSeqs: (jobIds) => queue.read(() => events.lastSeqs(jobIds)),
    readLog: (options) => queue.read(() => events.readLog(options)),
    logEnd: () => queue.read(() => events.logEnd()),
  };
}

function queueLogs(logs: Synchronous<JobLogStore>, queue: WorkQueue): JobLogStore {
  return {
    append: (lines, options) => queue.write(() => logs.append(lines, options)),
    read: (jobId, options) => queue.read(() => logs.read(jobId, options)),
  };
}

function queueFiles(files: Synchronous<FileRecordStore>, queue: WorkQueue): FileRecordStore {
  return {
    insert: (file) => queue.write(() => files.insert(file)),
    find: (fileId) => queue.read(() => files.find(fileId)),
    link: (jobId, fileIds) => queue.write(() => files.link(jobId, fileIds)),
    linkedTo: (jobId) => queue.read(() => files.linkedTo(jobId)),
    findExpired: (options) => queue.read(() => files.findExpired(options)),
    remove: (fileIds) => queue.write(() => files.remove(fileIds)),
  };
}

function queueApiKeys(keys: Synchronous<ApiKeyStore>, queue: WorkQueue): ApiKeyStore {
  return {
    insert: (key) => queue.write(() => keys.insert(key)),
    findByHash: (hash) => queue.read(() => keys.findByHash(hash)),
    list: () => queue.read(() => keys.list()),
    revoke: (idOrName, options) => queue.write(() => keys.revoke(idOrName, options)),
  };
}
