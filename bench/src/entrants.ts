// Who takes part, on which store and with which settings; the words go into the report as they stand.
import type { LibraryId, Variant } from "./contender.js";

export type StoreKind = "redis" | "redis-aof" | "postgres" | "directory" | "none";

export interface Entrant {
  id: string;
  label: string;
  library: LibraryId;
  store: StoreKind;
  variant: Variant;
  /** `inside` the server's process, or `apart` in a process of its own; only for measures over HTTP. */
  worker: "inside" | "apart";
  /** Packages whose installed versions the report names. */
  packages: readonly string[];
  settings: string;
}

const usual = { variant: "usual", worker: "inside" } as const;

export const bullmq: Entrant = {
  ...{ ...usual, id: "bullmq", label: "BullMQ, Redis", library: "bullmq", store: "redis" },
  packages: ["bullmq", "ioredis", "fastify"],
  settings:
    'Redis with `save ""` and `appendonly no`: an acknowledged job is in memory only. One `Queue`; worker `concurrency: 100`; ' +
    "default retention (everything finished is kept).",
};

export const bullmqAof: Entrant = {
  ...{ ...bullmq, id: "bullmq-aof", label: "BullMQ, Redis AOF", store: "redis-aof" },
  settings: "As above with `appendonly yes`, `appendfsync everysec`: up to a second of acknowledged jobs may be lost.",
};

export const bullmqWorkerApart: Entrant = {
  ...{ ...bullmq, id: "bullmq-apart", label: "BullMQ, Redis, worker apart", worker: "apart" },
  settings: "BullMQ on Redis with its worker in a second process.",
};

export const pgBoss: Entrant = {
  ...{ ...usual, id: "pg-boss", label: "pg-boss", library: "pg-boss", store: "postgres" },
  packages: ["pg-boss", "pg"],
  settings:
    "Pool of 20, `supervise` and `schedule` off, queue without `notify`. Worker: `batchSize: 1000, localConcurrency: 2, " +
    "burstWhenBatchFull: true, pollingIntervalSeconds: 0.5`. Finished jobs are kept, without a result of their own.",
};

export const pgBossResults: Entrant = {
  ...{ ...pgBoss, id: "pg-boss-results", label: "pg-boss, results per job", variant: "results-per-job" },
  settings:
    "As above with `perJobResults: true, batchSize: 500`: what comes closest to keeping a result per job, as we do.",
};

export const graphileWorker: Entrant = {
  ...{ ...usual, id: "graphile-worker", label: "Graphile Worker", library: "graphile-worker", store: "postgres" },
  packages: ["graphile-worker", "pg"],
  settings:
    "The configuration of its performance page: `concurrentJobs: 24, maxPoolSize: 25, localQueue.size: 500, " +
    "completeJobBatchDelay: 0, failJobBatchDelay: 0`; a pool of 20 for adding. Finished jobs are deleted, results are not kept.",
};

export const bareFastify: Entrant = {
  ...{ ...usual, id: "bare-fastify", label: "Fastify, stores nothing", library: "bare-fastify", store: "none" },
  packages: ["fastify"],
  settings: "The same route: JSON body parsed, an answer of the same size with the same headers, 202. No store.",
};

export const ours: Entrant = {
  ...{ ...usual, id: "ours-sqlite", label: "meanwhile, SQLite", library: "meanwhile-sqlite", store: "directory" },
  packages: ["better-sqlite3", "fastify"],
  settings:
    "SQLite in WAL mode with `synchronous=FULL`: an acknowledged job has been synced to the disk. Jobs, results and events are kept " +
    "and queryable. Defaults, except that the job type may run 100 attempts at once, as BullMQ's worker does.",
};

export const oursPostgres: Entrant = {
  ...{ ...ours, id: "ours-postgres", label: "meanwhile, PostgreSQL", library: "meanwhile-postgres", store: "postgres" },
  packages: ["pg", "fastify"],
  settings:
    "The server as it is configured: an acknowledged job has been synced to the disk where `fsync` and `synchronous_commit` are on. Jobs, " +
    "results and events are kept and queryable. Defaults (pool of 10), except that the job type may run 100 attempts at once.",
};

export const oursPostgresApart: Entrant = {
  ...{ ...oursPostgres, id: "ours-postgres-apart", label: "meanwhile, PostgreSQL, worker apart", worker: "apart" },
  settings: "The same with its worker in a second process.",
};

export const oursPostgresTwoWorkers: Entrant = {
  ...{
    ...oursPostgresApart,
    id: "ours-postgres-two",
    label: "meanwhile, PostgreSQL, two workers",
    variant: "two-workers",
  },
  settings: "The same with two worker processes.",
};

export const pgBossApart: Entrant = {
  ...{
    ...pgBoss,
    id: "pg-boss-apart",
    label: "pg-boss, worker apart",
    worker: "apart",
    packages: ["pg-boss", "pg", "fastify"],
  },
  settings:
    "Queue with `notify`, `useListenNotify`; worker in a second process with `perJobResults: true, batchSize: 500`. Behind Fastify with " +
    "compiled schemas; it tells nobody that a job is done, so that one statement every 10 ms asks for all who wait.",
};

export const oursOnThread: Entrant = {
  ...{ ...ours, id: "ours-sqlite-thread", label: "meanwhile, SQLite on a thread", library: "meanwhile-sqlite-thread" },
  settings:
    "The same store in a `worker_threads` thread. Calls of one turn travel in one message, as JSON text where JSON can carry them; " +
    "so do the answers.",
};

const storeAlone =
  "The same store without an engine or a worker. The claim is the worker's own statement, committed with `synchronous=FULL`.";

export const oursNothingKept: Entrant = {
  ...{ ...ours, id: "ours-sqlite-empty", label: "meanwhile, nothing kept", variant: "nothing-kept" },
  ...{ packages: ["better-sqlite3"], settings: storeAlone },
};

export const oursMuchKept: Entrant = {
  ...{ ...oursNothingKept, id: "ours-sqlite-full", label: "meanwhile, much kept", variant: "much-kept" },
};

export const oursPostgresNothingKept: Entrant = {
  ...{
    ...oursPostgres,
    id: "ours-postgres-empty",
    label: "meanwhile, PostgreSQL, nothing kept",
    variant: "nothing-kept",
  },
  ...{ packages: ["pg"], settings: "The store without an engine or a worker. The claim is the worker's own, durable." },
};

export const oursPostgresFinishedKept: Entrant = {
  ...oursPostgresNothingKept,
  ...{ id: "ours-postgres-100k", label: "meanwhile, PostgreSQL, 100,000 finished", variant: "100k-finished" },
};

export const oursPostgresManyFinished: Entrant = {
  ...oursPostgresNothingKept,
  ...{ id: "ours-postgres-2m", label: "meanwhile, PostgreSQL, 2,000,000 finished", variant: "2m-finished" },
};

export const oursPostgresManyDelayed: Entrant = {
  ...oursPostgresNothingKept,
  ...{ id: "ours-postgres-delayed", label: "meanwhile, PostgreSQL, many delayed", variant: "many-delayed" },
};

export const bareSse: Entrant = {
  ...{ ...usual, id: "bare-sse", label: "node:http, stores nothing", library: "bare-sse", store: "none" },
  packages: [],
  settings:
    "`node:http` without a framework: the same head and opening comment, a set of responses per job, a comment to each every 15 s. " +
    "A frame is made once and written to all. Nothing is stored, nobody is authenticated.",
};

export const bareUndici: Entrant = {
  ...{ ...usual, id: "bare-undici", label: "undici, stores nothing", library: "bare-undici", store: "none" },
  packages: ["undici"],
  settings:
    "`Agent` with 20 connections, as many as our dispatcher sends on to one receiver, no pipelining; bodies of the same shape. Nothing is stored, signed or tried again.",
};

export const oursFollowed: Entrant = {
  ...{ ...ours, id: "ours-sqlite-sse", label: "meanwhile, SQLite", packages: ["better-sqlite3", "fastify"] },
  settings:
    "Defaults on SQLite with `synchronous=FULL`, worker and HTTP server in one process; `streamsPerOwner` is 20,000.",
};

export const oursPushing: Entrant = {
  ...{ ...ours, id: "ours-sqlite-webhooks", label: "meanwhile, SQLite", packages: ["better-sqlite3", "undici"] },
  settings:
    "Defaults on SQLite with `synchronous=FULL`, submits and worker in one process; the type may run 100 attempts at once, and loopback is " +
    "an allowed target. Sendings are signed and recorded.",
};
