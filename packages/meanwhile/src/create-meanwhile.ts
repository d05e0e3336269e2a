// `createMeanwhile`: the one place where concrete parts meet. For programs that use meanwhile as a library.
import type { GrpcServer, GrpcServerOptions } from "@meanwhile/channel-grpc";
import {
  type AnyJobDefinition,
  type Catalog,
  createService,
  type Engine,
  type FileBytes,
  type Files,
  type FilesOptions,
  type JobDefinition,
  type Logger,
  requireMs,
  type Store,
  silentLogger,
  type WorkerOptions,
} from "@meanwhile/core";
import { createDiskFileBytes } from "@meanwhile/files-disk";
import { createServer, type HttpServer, type ServerOptions } from "@meanwhile/server";
import { type MeanwhileAmqpOptions, type OpenedAmqp, openAmqp } from "./amqp.js";
import { grpcOnUse } from "./grpc-on-use.js";
import { createHttpHandler, type HttpHandler } from "./http-handler.js";
import { type JobHandle, jobHandle, type SubmitJobOptions } from "./job-handle.js";
import { openStore } from "./open-store.js";
import { deliveryOptions, openWebhooks, type WebhookOptions } from "./webhooks.js";

export interface MeanwhileOptions {
  /** What `defineJob` made. */
  jobs: readonly AnyJobDefinition[];
  /** An address such as `sqlite:./data/meanwhile.db`, or a store; one that was given stays open at `stop`. Default: `sqlite:./data/meanwhile.db`. */
  store?: string | Store;
  /** A folder, or a keeper of bytes. Default: `./data/files`. */
  files?: string | FileBytes;
  /** How large files may be, and how long those live that no job names. */
  fileLimits?: FilesOptions;
  /** `false`: this process accepts jobs and runs none. Default: runs all types. */
  worker?: WorkerOptions | false;
  /** How long the other processes' leases last, in milliseconds, where this one runs none. Default: 15 000. */
  leaseMs?: number;
  /** Credentials, limits and addresses of the HTTP server. Only looked at where `server()` is called. */
  server?: ServerOptions;
  /** TLS, limits and reflection of the gRPC server. Only looked at where `grpc()` is called. */
  grpc?: GrpcServerOptions;
  /** Where webhooks may go, and how often they are tried. Default: to public addresses only. */
  webhooks?: WebhookOptions;
  /**
   * A RabbitMQ broker: every event of every job goes to its exchange, and jobs come from its queue. All processes of one store
   * need it alike: an event goes there if the process that stores it knows of the broker. Default: none.
   */
  amqp?: MeanwhileAmqpOptions;
  /** Longest time that running attempts get at `stop`, in milliseconds. Default: 30 000. */
  shutdownGraceMs?: number;
  /**
   * How long the servers serve on at `stop` while they say that they are leaving, in milliseconds: what stands in front of them
   * needs it to notice. The grace comes after it. Default: 0.
   */
  drainDelayMs?: number;
  /** pino fits. Default: silence. */
  logger?: Logger;
}

export interface Meanwhile {
  /** Every verb, with a principal. */
  readonly engine: Engine;
  readonly catalog: Catalog;
  readonly files: Files;
  readonly store: Store;
  /** Starts to run jobs. Submitting works before it, too. */
  start(): Promise<void>;
  /**
   * Says that it is leaving and serves on for the drain delay; then takes no new jobs, lets running ones end within the grace,
   * hands back the rest, closes what it opened. May be called twice.
   */
  stop(options?: { graceMs?: number; drainDelayMs?: number }): Promise<void>;
  /**
   * Submits a job of the definition's type, checked against its schema; durable once it resolves, or, with `transaction`, once
   * you have committed.
   *
   * @throws AppError, TransactionError as `engine.submit` does.
   */
  submit<Parameters, Result>(
    definition: JobDefinition<string, Parameters, Result>,
    parameters: Parameters,
    options?: SubmitJobOptions,
  ): Promise<JobHandle<Result>>;
  submit(type: string, parameters: unknown, options?: SubmitJobOptions): Promise<JobHandle<unknown>>;
  /** The job of this id, also of another process's submit. Looks nothing up by itself. */
  job<Result = unknown>(jobId: string, options?: { owner?: string }): JobHandle<Result>;
  /** The HTTP API; one per call. It is closed by whoever listens, or by `stop`. */
  server(): HttpServer;
  /**
   * The gRPC service; one per call, with the credentials of the HTTP API, which need not listen itself. It is closed by whoever
   * listens, or by `stop`.
   *
   * @example const address = await meanwhile.grpc().listen({ port: 8081 });
   */
  grpc(): GrpcServer;
  /**
   * The HTTP API as a listener of `node:http`, for servers that exist already. It answers every path, with 404 where there
   * is none: hand it those that begin with `/api/v2`, before anything reads the bodies. Its `upgrade` takes WebSocket
   * handshakes, from the event of that name.
   *
   * Without credentials it answers to loopback names only, whatever address the server listens on.
   */
  handler(): HttpHandler;
}

/**
 * Opens the store, brings its tables up to date and binds the parts together.
 *
 * @throws ConfigurationError for a wrong option or definition; AppError `store_unavailable`.
 * @example
 * const meanwhile = await createMeanwhile({ jobs: [greet] });
 * await meanwhile.start();
 * const job = await meanwhile.submit(greet, { name: "Ada" });
 * const { text } = await job.result();
 * await meanwhile.stop();
 */
export async function createMeanwhile(options: MeanwhileOptions): Promise<Meanwhile> {
  const { store: given = DEFAULT_STORE, files = DEFAULT_FILES, logger = silentLogger } = options;
  const store = typeof given === "string" ? await openStore(given) : given;
  const closeOwn = async () => {
    if (typeof given === "string") await store.close();
  };
  try {
    await store.migrate();
    const { amqp, server } = options;
    return bind(options, {
      store,
      amqp: amqp === undefined ? undefined : await openAmqp(amqp, { logger, linkBase: linkBaseOf(server) ?? "" }),
      fileBytes: typeof files === "string" ? createDiskFileBytes({ folder: files }) : files,
      logger,
      closeOwn,
    });
  } catch (error) {
    await closeOwn();
    throw error;
  }
}

type StopOptions = NonNullable<Parameters<Meanwhile["stop"]>[0]>;

const DEFAULT_STORE = "sqlite:./data/meanwhile.db";
const DEFAULT_FILES = "./data/files";

function linkBaseOf(server: ServerOptions | undefined): string | undefined {
  return server?.publicUrl?.replace(/\/+$/, "");
}

interface Parts {
  store: Store;
  amqp: OpenedAmqp | undefined;
  fileBytes: FileBytes;
  logger: Logger;
  closeOwn(): Promise<void>;
}

function bind(options: MeanwhileOptions, { store, amqp, fileBytes, logger, closeOwn }: Parts): Meanwhile {
  const { jobs, worker, leaseMs, fileLimits, shutdownGraceMs, server, webhooks } = options;
  const linkBase = linkBaseOf(server);
  const pushChannels = [openWebhooks(webhooks), ...(amqp === undefined ? [] : [amqp.channel])];
  const service = createService(
    { store, jobs, fileBytes, logger, pushChannels },
    {
      ...(worker === undefined ? {} : { worker }),
      ...(leaseMs === undefined ? {} : { leaseMs }),
      ...(fileLimits === undefined ? {} : { files: fileLimits }),
      ...(shutdownGraceMs === undefined ? {} : { shutdownGraceMs }),
      delivery: deliveryOptions(webhooks),
      ...(linkBase === undefined ? {} : { linkBase }),
    },
  );
  const { engine, catalog, files, clock, ids } = service;
  const drainDelayMs = requireMs("drainDelayMs", options.drainDelayMs ?? 0);
  const servers: HttpServer[] = [];
  const grpcServers: GrpcServer[] = [];
  let taking: ReturnType<OpenedAmqp["take"]> | undefined;
  let stopping: Promise<void> | undefined;

  const stop = async ({ drainDelayMs: delayMs = drainDelayMs, ...graceful }: StopOptions = {}) => {
    const made = [...servers, ...grpcServers];
    if (made.length > 0 && delayMs > 0) {
      for (const each of made) each.leave();
      await new Promise<void>((resolve) => clock.after(delayMs, resolve));
    }
    for (const each of made) each.drain();
    await taking?.stop();
    // Their answers stay available while attempts end.
    await service.stop(graceful);
    await Promise.all([
      ...servers.map((each) => closeWithin(each, CLOSE_WITHIN_MS)),
      ...grpcServers.map((each) => each.close()),
    ]);
    await closeOwn();
  };

  const makeServer = (): HttpServer => {
    const made = createServer(
      { engine, catalog, files, store, apiKeys: store.apiKeys, secrets: store.secrets, clock, ids, logger },
      amqp === undefined ? (server ?? {}) : { ...server, messageQueue: amqp.description },
    );
    servers.push(made);
    return made;
  };

  return {
    engine,
    catalog,
    files,
    store,
    async start() {
      await service.start();
      taking = amqp?.take(service);
    },
    stop: (stopOptions) => {
      stopping ??= stop(stopOptions);
      return stopping;
    },
    async submit(what: string | AnyJobDefinition, parameters: unknown, submitOptions: SubmitJobOptions = {}) {
      const { owner, idempotencyKey, transaction, ...envelope } = submitOptions;
      const type = typeof what === "string" ? what : what.type;
      const access = accessOf(owner);
      const { job } = await engine.submit(
        { type, parameters, ...envelope },
        { ...access, idempotencyKey, transaction },
      );
      return jobHandle(engine, job.id, access);
    },
    job: (jobId, { owner } = {}) => jobHandle(engine, jobId, accessOf(owner)),
    server: makeServer,
    grpc() {
      // Who may call is asked in one place, whatever the protocol.
      const { authenticator, liveCredentials, linkBase } = servers[0] ?? makeServer();
      const parts = { engine, authenticator, liveCredentials, clock, ids, logger, linkBase };
      const made = grpcOnUse(parts, options.grpc);
      grpcServers.push(made);
      return made;
    },
    handler: () => createHttpHandler(makeServer()),
  };
}

/** A program that holds the store may do everything but see other owners' jobs. */
function accessOf(owner = "local") {
  return { principal: { owner, name: owner, scopes: null, expiresAt: null, credentialId: null } };
}

/** An upload that is still coming must not keep a process from ending. */
const CLOSE_WITHIN_MS = 5_000;

async function closeWithin(server: HttpServer, limitMs: number): Promise<void> {
  const timer = setTimeout(() => server.app.server.closeAllConnections(), limitMs);
  try {
    await server.close();
  } finally {
    clearTimeout(timer);
  }
}
