// The life of `serve` and `worker`: start, greet, wait for a signal, stop in order.
//
// Stages of the stop (the supervisor sends SIGTERM, a person presses Ctrl-C):
//   1. readiness off; for the drain delay all goes on, while balancers send new requests elsewhere
//   2. no new claims, no new jobs; waiting requests are answered; the API goes on answering reads
//   3. running attempts get the grace; then they are told to stop and handed back to PENDING
//   4. connections and the store are closed; exit code 0
// A second signal ends the process at once (the leases of its jobs run out elsewhere).
import { resolve } from "node:path";
import { type AnyJobDefinition, ConfigurationError, findExampleJob, type Logger } from "@meanwhile/core";
import { CliError } from "../cli/cli-error.js";
import { type CliIo, printLine } from "../cli/cli-io.js";
import { findWritableFault } from "../cli/doctor/writable.js";
import type { LoadedSettings } from "../config/load-settings.js";
import { createMeanwhile, type Meanwhile } from "../create-meanwhile.js";
import { loadJobs } from "../modules/load-jobs.js";
import { configuredAmqp } from "./configured-amqp.js";
import { configuredKeys } from "./configured-keys.js";
import { configuredWebhooks } from "./configured-webhooks.js";
import { type ExampleLines, greetingLines } from "./greeting.js";
import { GRPC_PORT_SETTING, toListenError } from "./listen-error.js";
import { createProcessLogger } from "./process-logger.js";

export interface RunProcessOptions {
  readonly io: CliIo;
  readonly loaded: LoadedSettings;
  /** Jobs of the program itself, beside those that the settings name. */
  readonly jobs?: readonly AnyJobDefinition[];
  /** Lines to try in the place of the usual one. */
  readonly examples?: ExampleLines;
}

/**
 * Runs until it is told to stop.
 *
 * @throws ConfigurationError, CliError where it could not start.
 */
export async function runProcess({ io, loaded, jobs = [], examples }: RunProcessOptions): Promise<void> {
  const { settings } = loaded;
  const logger = createProcessLogger(io.stderr, { level: settings.logLevel });
  const interruption = io.interruption();
  // Nobody knows what state is left: end, and let another process take over when the leases run out.
  const releaseFaults = io.onFault((error) =>
    logger.error({ err: error }, "an error that nobody caught ends the process"),
  );
  try {
    const meanwhile = await open(loaded, { logger, jobs, cwd: io.cwd });
    try {
      await meanwhile.start();
      const url = settings.role === "worker" ? undefined : await listen(meanwhile, loaded);
      const grpc = settings.role === "worker" ? undefined : await listenGrpc(meanwhile, loaded, logger);
      const types = meanwhile.catalog.definitions.map(({ type }) => type);
      logger.info({ role: settings.role, store: meanwhile.store.name, url, grpc, types }, "ready");
      await sayWhatIsMissing(meanwhile, { loaded, logger, cwd: io.cwd });
      if (url === undefined)
        printLine(io.stdout, `meanwhile: worker on ${meanwhile.store.name}, ${types.length} job types`);
      else {
        const closed = await isClosed(meanwhile, loaded);
        const job = await findExampleJob(meanwhile.catalog);
        for (const line of greetingLines({ url, grpc, job, closed, examples })) printLine(io.stdout, line);
      }
      await fired(interruption.signal);
      logger.info(
        { drainDelayMs: url === undefined ? 0 : settings.drainDelayMs, graceMs: settings.shutdownGraceMs },
        "stopping: running attempts may end, then they are handed back; a second signal ends the process at once",
      );
    } catch (error) {
      // Nobody was ever sent here.
      await meanwhile.stop({ drainDelayMs: 0 });
      throw error;
    }
    await meanwhile.stop();
    logger.info({}, "stopped");
  } finally {
    releaseFaults();
    interruption.release();
  }
}

interface OpenOptions {
  logger: Logger;
  jobs: readonly AnyJobDefinition[];
  cwd: string;
}

async function open(loaded: LoadedSettings, { logger, jobs, cwd }: OpenOptions): Promise<Meanwhile> {
  const { settings } = loaded;
  const apiKeys = configuredKeys(loaded);
  const webhooks = configuredWebhooks(loaded);
  const amqp = await configuredAmqp(loaded);
  const { definitions, modulesWithoutJobs } = await loadJobs([...jobs, ...settings.jobs], { cwd });
  for (const path of modulesWithoutJobs) logger.warn({ path }, "the module exports no job");
  if (definitions.length === 0) {
    throw new ConfigurationError(
      "There are no jobs. Name the modules that export them with --jobs ./jobs/*.ts, or as jobs in meanwhile.config.ts.",
    );
  }
  return createMeanwhile({
    jobs: definitions,
    store: settings.store,
    files: settings.files,
    fileLimits: { maxBytes: settings.maxFileBytes },
    worker: settings.role === "api" ? false : { leaseMs: settings.leaseMs },
    leaseMs: settings.leaseMs,
    server: {
      apiKeys,
      allowedOrigins: settings.allowedOrigins,
      ...(settings.publicUrl === undefined ? {} : { publicUrl: settings.publicUrl }),
    },
    webhooks,
    ...(amqp === undefined ? {} : { amqp }),
    shutdownGraceMs: settings.shutdownGraceMs,
    drainDelayMs: settings.drainDelayMs,
    logger,
  });
}

async function listen(meanwhile: Meanwhile, { settings: { host, port } }: LoadedSettings): Promise<string> {
  try {
    return await meanwhile.server().listen({ host, port });
  } catch (error) {
    const toShow = toListenError(error, { host, port });
    throw toShow instanceof Error ? toShow : new CliError("internal", String(toShow));
  }
}

/** @returns the address, or `undefined` where none is served. */
async function listenGrpc(
  meanwhile: Meanwhile,
  { settings: { host, grpcPort: port }, sources }: LoadedSettings,
  logger: Logger,
): Promise<string | undefined> {
  if (port === "off") return undefined;
  try {
    return await meanwhile.grpc().listen({ host, port });
  } catch (error) {
    const toShow = toListenError(error, { host, port, portSetting: GRPC_PORT_SETTING });
    // Nobody asked for this port: a second process on the machine need not know of gRPC to start.
    if (sources.grpcPort !== "default" || !isTaken(error)) {
      throw toShow instanceof Error ? toShow : new CliError("internal", String(toShow));
    }
    logger.warn({ reason: (toShow as Error).message }, "gRPC is not served; off says that none is wanted");
    return undefined;
  }
}

function isTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === "EADDRINUSE";
}

/** No reason to end: a full disk is emptied, rights are given, and files may be no part of these jobs. */
async function sayWhatIsMissing(
  { store }: Meanwhile,
  { loaded: { settings }, logger, cwd }: { loaded: LoadedSettings; logger: Logger; cwd: string },
): Promise<void> {
  const health = await store.check();
  if (!health.ok)
    logger.error({ reason: health.reason }, "the store cannot be used now; until it can, jobs are refused");
  const reason = await findWritableFault(resolve(cwd, settings.files, "any"));
  if (reason !== undefined) logger.warn({ reason }, "files cannot be kept; until they can, uploads are refused");
}

async function isClosed(meanwhile: Meanwhile, loaded: LoadedSettings): Promise<boolean> {
  return configuredKeys(loaded).length > 0 || (await meanwhile.store.apiKeys.list()).length > 0;
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
