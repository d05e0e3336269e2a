// Composes the routes, their guards and their documents into one HTTP server.
import { createSseChannel } from "@meanwhile/channels";
import { ConfigurationError, isLoopbackName } from "@meanwhile/core";
import Fastify, { type FastifyInstance } from "fastify";
import { type Authenticator, createAuthenticator } from "./auth/authenticator.js";
import { createLiveCredentials, type LiveCredentials } from "./auth/live-credentials.js";
import { createTickets, secretsOfThisProcess, type Tickets } from "./auth/tickets.js";
import { answerClientError } from "./client-error.js";
import { trackConnections } from "./connections.js";
import type { ServerContext, ServerParts } from "./context.js";
import { installCors } from "./cors.js";
import { installErrorHandler } from "./error-handler.js";
import { resolveLogger } from "./logging.js";
import { installNotFound } from "./not-found.js";
import { resolveServerOptions, type ServerOptions } from "./options.js";
import { registerRoutes } from "./register-routes.js";
import { installRequestContext } from "./request-context.js";
import { allRoutes } from "./routes/all-routes.js";
import { createSlowBodies } from "./slow-bodies.js";
import { createSockets } from "./sockets.js";
import { createUpgradeListener, type UpgradeListener } from "./upgrades.js";
import { createWaits } from "./waits.js";

export interface HttpServer {
  readonly app: FastifyInstance;
  /** Who is calling: shared with the channels that listen elsewhere, as are the next two. */
  readonly authenticator: Authenticator;
  readonly liveCredentials: LiveCredentials;
  readonly tickets: Tickets;
  /** What stands before every link: the public URL, or nothing. */
  readonly linkBase: string;
  /**
   * Takes over WebSocket handshakes, whatever their path: for the event `upgrade` of a server of your own, where only the
   * requests of this one are handed to `app`. A server that listens by `listen` does it by itself.
   */
  readonly upgrade: UpgradeListener;
  /**
   * Starts to listen. Port 0 takes any free one.
   *
   * @returns the address, for instance `http://127.0.0.1:8080`.
   * @throws ConfigurationError for an address beyond loopback while no credentials are configured.
   */
  listen(options: ListenOptions): Promise<string>;
  /**
   * Says that it is about to stop, and serves on: `/readyz` answers 503, and connections close after their next answer. Whoever
   * balances needs that time to send everybody elsewhere. May be called twice.
   */
  leave(): void;
  /**
   * Takes no new jobs from now on, answers every waiting request at once, ends streams, and closes idle connections,
   * those of WebSocket with 1001. What is under way is finished. May be called twice.
   */
  drain(): void;
  /** Drains, waits for the requests under way and for WebSocket connections to close, and closes. */
  close(): Promise<void>;
}

export interface ListenOptions {
  port: number;
  /** Default: 127.0.0.1. */
  host?: string;
}

/** @throws ConfigurationError naming the option that is wrong. */
export function createServer(parts: ServerParts, serverOptions: ServerOptions = {}): HttpServer {
  const options = resolveServerOptions(serverOptions);
  const { clock, apiKeys, secrets = secretsOfThisProcess(), ids } = parts;
  const waits = createWaits({ perOwner: options.waitsPerOwner });
  const authenticator = createAuthenticator({ clock, apiKeys: options.apiKeys, jwt: options.jwt, store: apiKeys });
  const { configured, isClosed } = authenticator;
  let leaving = false;
  let draining = false;
  const logger = resolveLogger(parts.logger);
  const liveCredentials = createLiveCredentials({ clock, logger, store: apiKeys, configured, isClosed });
  const tickets = createTickets({ clock, ids, secrets, credentials: liveCredentials });
  const slowBodies = createSlowBodies({ clock, limitMs: options.requestTimeoutMs });
  const { linkBase, streamsPerOwner } = options;
  const watchCredential = liveCredentials.watch;
  const sse = createSseChannel({
    ...{ engine: parts.engine, clock, logger, linkBase, streamsPerOwner, watchCredential },
    random: Math.random,
  });
  const context: ServerContext = {
    ...parts,
    logger,
    options,
    authenticator,
    liveCredentials,
    tickets,
    waits,
    sse,
    slowBodies,
    isLeaving: () => leaving,
    isDraining: () => draining,
  };

  const app = Fastify({
    genReqId: () => ids.uuid(),
    // The closing is ours: see `leave` and `drain`.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    keepAliveTimeout: options.keepAliveTimeoutMs,
    requestTimeout: options.uploadTimeoutMs,
    // However long an id is, it is one that does not exist.
    routerOptions: { maxParamLength: options.headerBytes },
    // A missing Host gets a problem document like every other fault.
    http: { maxHeaderSize: options.headerBytes, headersTimeout: options.headersTimeoutMs, requireHostHeader: false },
    clientErrorHandler: (error, socket) =>
      answerClientError(error, socket, { ids, linkBase: options.linkBase, headerBytes: options.headerBytes }),
    frameworkErrors: (error, request, reply) => {
      reply.header("x-request-id", request.id);
      app.errorHandler(error, request, reply);
    },
  });
  const connections = trackConnections(app.server);
  const sockets = createSockets(context);
  app.server.on("upgrade", createUpgradeListener({ webSocket: sockets.upgrade, server: app.server }));
  // Node would refuse an unknown expectation by itself, without a problem document.
  app.server.on("checkExpectation", (request, response) => app.server.emit("request", request, response));
  const routes = allRoutes(context);
  installRequestContext(app);
  installCors(app, options.allowedOrigins);
  installErrorHandler(app, context);
  installNotFound(app, routes);
  app.addHook("onRequest", (_request, reply, done) => {
    if (leaving) reply.header("connection", "close");
    done();
  });
  registerRoutes(app, routes, context);

  const leave = () => {
    leaving = true;
    // Closing idle ones too would hit requests that are on their way in them.
    connections.closeAfterAnswers();
  };

  const drain = () => {
    leaving = true;
    draining = true;
    connections.retire();
    waits.endAll();
    sse.drain();
    sockets.drain();
  };

  return {
    app,
    authenticator,
    liveCredentials,
    tickets,
    linkBase,
    upgrade: sockets.upgrade,
    async listen({ port, host = "127.0.0.1" }) {
      if (!isLoopbackName(host) && !(await authenticator.isClosed())) throw openToTheWorld(host);
      return app.listen({ port, host });
    },
    leave,
    drain,
    async close() {
      drain();
      connections.closeUnused();
      await Promise.all([sockets.close(), app.close()]);
    },
  };
}

function openToTheWorld(host: string): ConfigurationError {
  return new ConfigurationError(
    `The server may not listen on ${host}: no credentials are configured, so anybody there could run jobs. Set MEANWHILE_API_KEYS, make a key with "meanwhile keys create", or listen on 127.0.0.1.`,
  );
}
