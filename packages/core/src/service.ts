// Start and stop: one supervisor owns the writer, the worker and the chores of a process.
import { randomFillSync } from "node:crypto";
import { createWriter, type Writer } from "./batch/writer.js";
import { type Clock, type Random, systemClock } from "./clock.js";
import { type Catalog, createCatalog } from "./definition/catalog.js";
import type { AnyJobDefinition } from "./definition/define-job.js";
import type { PushChannel } from "./delivery/channel.js";
import { createDispatcher } from "./delivery/dispatcher.js";
import { type DeliveryOptions, resolveDeliveryOptions } from "./delivery/options.js";
import { createEngine } from "./engine/create-engine.js";
import type { Engine } from "./engine/engine.js";
import { createWakeups, type Wakeups } from "./event/wakeups.js";
import type { FileBytes } from "./files/file-bytes.js";
import { createFiles, type Files, type FilesOptions } from "./files/files.js";
import { createIdSource, type IdSource } from "./ids.js";
import { type Logger, silentLogger } from "./logger.js";
import { type ChoreLoop, createChoreLoop } from "./maintenance/chore.js";
import { createExpireDeadlines, createExpireLeases, createExpireStarts } from "./maintenance/expire.js";
import { createMakeReady } from "./maintenance/make-ready.js";
import { createPrune } from "./maintenance/prune.js";
import { createPruneDeliveries } from "./maintenance/prune-deliveries.js";
import { requireMs } from "./options.js";
import { createOutageLog } from "./store/outage-log.js";
import type { Store } from "./store/store.js";
import { resolveWorkerOptions, type WorkerOptions } from "./worker/options.js";
import { createWorker } from "./worker/worker.js";

export interface ServiceParts {
  readonly store: Store;
  readonly jobs: readonly AnyJobDefinition[];
  readonly fileBytes: FileBytes;
  /** Where the events of jobs are pushed to: webhooks, a message queue. Closed when the service has stopped. Default: none. */
  readonly pushChannels?: readonly PushChannel[];
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Default: `Math.random`. */
  readonly random?: Random;
  /** Default: UUIDv7 with the machine's randomness. */
  readonly ids?: IdSource;
}

export interface ServiceOptions {
  /** `false`: this process runs no jobs. Default: with the defaults of `WorkerOptions`. */
  worker?: WorkerOptions | false;
  /**
   * How long the leases of the other processes' workers last, in milliseconds, for a process that runs no jobs itself: it looks
   * after their leases, too. Default: as of `WorkerOptions`.
   */
  leaseMs?: number;
  files?: FilesOptions;
  delivery?: DeliveryOptions;
  /** The address of the server, put before every link in what is pushed. Default: none, links are absolute paths. */
  linkBase?: string;
  /** Longest time that running attempts get at `stop`, in milliseconds. Default: 30 000. */
  shutdownGraceMs?: number;
}

export interface Service {
  readonly engine: Engine;
  readonly catalog: Catalog;
  readonly files: Files;
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly isDraining: boolean;
  /** Sweeps half-written files, then starts the chores, the worker and the deliveries. The store must be migrated. */
  start(): Promise<void>;
  /** Refuses new submits from now on; what was accepted goes on. */
  drain(): void;
  /** Drains, waits for running attempts and sendings up to the grace, hands the rest back, ends the chores. Leaves the store open. */
  stop(options?: { graceMs?: number }): Promise<void>;
}

const DEFAULT_SHUTDOWN_GRACE_MS = 30_000;

/** @throws ConfigurationError where a definition or an option is wrong. */
export function createService(parts: ServiceParts, options: ServiceOptions = {}): Service {
  const { store, fileBytes, clock = systemClock, random = Math.random } = parts;
  const outageLog = createOutageLog({ store, clock, logger: parts.logger ?? silentLogger });
  const { logger } = outageLog;
  const ids = parts.ids ?? createIdSource({ clock, randomBytes: (bytes) => void randomFillSync(bytes) });
  const catalog = createCatalog(parts.jobs);
  const shutdownGraceMs = requireMs("shutdownGraceMs", options.shutdownGraceMs ?? DEFAULT_SHUTDOWN_GRACE_MS);
  const workerOptions = options.worker === false ? undefined : (options.worker ?? {});
  const wakeups = createWakeups({ store, clock, logger });
  const writer = createWriter({ store, clock, wakeups, catalog });
  const files = createFiles({ records: store.files, bytes: fileBytes, ids, clock }, options.files);
  const { pushChannels = [] } = parts;
  const common = { store, catalog, writer, wakeups, files, clock, random, ids, logger, pushChannels };
  const worker = workerOptions === undefined ? undefined : createWorker(common, workerOptions);
  const { leaseMs } = options;
  const leases = resolveWorkerOptions(workerOptions ?? (leaseMs === undefined ? {} : { leaseMs }));
  const deliveryOptions = resolveDeliveryOptions(options.delivery);
  const feeds = pushChannels.flatMap(({ name, isFeed }) => (isFeed ? [name] : []));
  store.deliveries.configure({ linkBase: options.linkBase ?? "", feeds });
  // One for each channel: what is slow or away holds up no other, and each has the limits that suit it.
  const dispatchers = pushChannels.map((channel) =>
    createDispatcher(
      { ...common, pushChannels: [channel] },
      resolveDeliveryOptions({ ...options.delivery, ...channel.deliveryOptions }),
    ),
  );
  const chores = createChores(common, { leaseMs: leases.leaseMs, deliveryRetentionMs: deliveryOptions.retentionMs });
  let draining = false;

  const engine = createEngine({
    ...common,
    isDraining: () => draining,
    ...(worker === undefined ? {} : { birthPlaces: worker.birthPlaces }),
  });

  return {
    engine,
    catalog,
    files,
    store,
    clock,
    ids,
    get isDraining() {
      return draining;
    },
    async start() {
      const swept = await fileBytes.sweep();
      if (swept > 0) logger.info({ swept }, "removed half-written files of a process that was killed");
      for (const loop of chores.loops) loop.start();
      worker?.start();
      for (const channel of pushChannels) channel.start?.();
      for (const dispatcher of dispatchers) dispatcher.start();
    },
    drain() {
      draining = true;
    },
    async stop({ graceMs = shutdownGraceMs } = {}) {
      draining = true;
      await Promise.all([worker?.stop({ graceMs }), ...dispatchers.map((dispatcher) => dispatcher.stop({ graceMs }))]);
      await chores.stop();
      wakeups.stop();
      await writer.idle();
      outageLog.stop();
      await Promise.all(pushChannels.map((channel) => channel.close()));
    },
  };
}

interface Common {
  store: Store;
  catalog: Catalog;
  writer: Writer;
  wakeups: Wakeups;
  files: Files;
  clock: Clock;
  random: Random;
  logger: Logger;
}

interface ChoreTimes {
  readonly leaseMs: number;
  readonly deliveryRetentionMs: number;
}

function createChores(
  common: Common,
  { leaseMs, deliveryRetentionMs }: ChoreTimes,
): { loops: readonly ChoreLoop[]; stop(): Promise<void> } {
  const makeReady = createChoreLoop(createMakeReady(common), common);
  const unlisten = common.wakeups.onDelay((runAt) => makeReady.armAt(runAt));
  const others = [
    createExpireLeases(common, { leaseMs }),
    createExpireStarts(common),
    createExpireDeadlines(common),
    createPrune(common),
    createPruneDeliveries({
      deliveries: common.store.deliveries,
      clock: common.clock,
      retentionMs: deliveryRetentionMs,
    }),
  ].map((chore) => createChoreLoop(chore, common));
  const loops = [makeReady, ...others];
  return {
    loops,
    async stop() {
      unlisten();
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
