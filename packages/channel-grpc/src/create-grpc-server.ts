// Composes the service, its health and its reflection into one gRPC server.

import { Server, ServerCredentials, type ServerOptions } from "@grpc/grpc-js";
import {
  type Clock,
  ConfigurationError,
  type Engine,
  type IdSource,
  isLoopbackName,
  type Logger,
  type Principal,
  silentLogger,
} from "@meanwhile/core";
import { LIMITS } from "@meanwhile/protocol";
import { createArrivals } from "./arrivals.js";
import { type CallParts, refuseCall } from "./calls.js";
import { loadDefinitions } from "./definitions.js";
import { createJobsService } from "./jobs-service.js";
import { createListener } from "./listener.js";
import { createOpenWatches } from "./open-watches.js";
import { type GrpcServerOptions, type ResolvedGrpcServerOptions, resolveGrpcServerOptions } from "./options.js";
import { JOBS_SERVICE_NAME } from "./proto-files.js";
import { shuttingDown } from "./refusals.js";
import { addSideServices } from "./side-services.js";

/** What the server is made of; it owns none of it and closes none of it. The HTTP server of the same process has most of it. */
export interface GrpcParts {
  readonly engine: Engine;
  readonly authenticator: GrpcAuthenticator;
  readonly liveCredentials: GrpcLiveCredentials;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** Put before every link: the address of the HTTP server as callers reach it. Default: none, links are absolute paths. */
  readonly linkBase?: string;
}

export interface GrpcAuthenticator {
  /** Whether callers need credentials. */
  isClosed(): boolean | Promise<boolean>;
  /** @throws AppError `unauthenticated`. */
  authenticate(authorization: string | undefined): Principal | Promise<Principal>;
}

export interface GrpcLiveCredentials {
  /** Calls `onEnd` once when the credential has expired or was revoked. @returns ends the looking. */
  watch(principal: Principal, onEnd: () => void): () => void;
}

export interface GrpcServer {
  /**
   * Starts to listen. Port 0 takes any free one.
   *
   * @param place.host Default: 127.0.0.1.
   * @returns the address, for instance `127.0.0.1:8081`.
   * @throws ConfigurationError for an address beyond loopback while no credentials are configured; the error of Node, with its
   *   code, where the address cannot be had.
   */
  listen(place: { port: number; host?: string }): Promise<string>;
  /** Says NOT_SERVING, and serves on: clients and balancers that ask for the health go elsewhere. May be called twice. */
  leave(): void;
  /**
   * Says NOT_SERVING, takes no new jobs and watches from now on, ends the open watches with UNAVAILABLE (clients resume them
   * with `after_seq`) and sends every connection elsewhere. Reading goes on. May be called twice.
   */
  drain(): void;
  /** Drains, waits for the calls under way up to `closeWithinMs`, and closes. */
  close(): Promise<void>;
}

/** @throws ConfigurationError naming the option that is wrong. */
export function createGrpcServer(parts: GrpcParts, grpcOptions: GrpcServerOptions = {}): GrpcServer {
  const options = resolveGrpcServerOptions(grpcOptions);
  const { engine, authenticator, liveCredentials, clock, linkBase = "" } = parts;
  const definitions = loadDefinitions();
  const watches = createOpenWatches({ perOwner: options.streamsPerOwner, watchCredential: liveCredentials.watch });
  let draining = false;
  let closing: Promise<void> | undefined;

  const said = {
    makeRequestId: () => parts.ids.uuid(),
    logger: parts.logger ?? silentLogger,
    codecs: definitions.details,
  };
  const arrivals = createArrivals({
    clock,
    authenticate: (authorization) => authenticator.authenticate(authorization),
    refuse: (call, error) => refuseCall(said, call, error),
    isGuarded: (path) => path.startsWith(`/${JOBS_SERVICE_NAME}/`),
  });
  const server = new Server({ ...channelOptions(options), interceptors: [arrivals.interceptor] });
  const listener = createListener(server, credentialsOf(options));
  const calls: CallParts = { ...said, callerOf: arrivals.callerOf, hold: watches.hold };
  server.addService(definitions.jobs, createJobsService({ engine, linkBase, isDraining: () => draining }, calls));
  const sides = addSideServices(server, options.reflection ? definitions.reflected : undefined);

  const drain = () => {
    if (draining) return;
    draining = true;
    // First: who asks for it sends nobody here any more.
    sides.say("NOT_SERVING");
    watches.endAll(shuttingDown());
    listener.retire(options.closeWithinMs);
  };

  const close = async () => {
    drain();
    sides.endStreams();
    // Not `tryShutdown`: connections that were told to go elsewhere count as closed for it, and lose the answers under way.
    const cancel = clock.after(options.closeWithinMs, () => server.forceShutdown());
    await listener.close();
    cancel();
    server.forceShutdown();
  };

  return {
    async listen({ port, host = "127.0.0.1" }) {
      if (!isLoopbackName(host) && !(await authenticator.isClosed())) throw openToTheWorld(host);
      const address = await listener.listen({ port, host });
      sides.say("SERVING");
      return address;
    },
    leave: () => sides.say("NOT_SERVING"),
    drain,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** Parameters of a megabyte and what stands around them: as much as a JSON body over HTTP. */
const LARGEST_REQUEST_BYTES = LIMITS.bodyBytes;

function channelOptions(options: ResolvedGrpcServerOptions): ServerOptions {
  return {
    "grpc.max_receive_message_length": LARGEST_REQUEST_BYTES,
    "grpc.max_concurrent_streams": options.streamsPerConnection,
    "grpc.keepalive_time_ms": options.keepAliveTimeMs,
    "grpc.keepalive_timeout_ms": options.keepAliveTimeoutMs,
    // Bookkeeping for a debugging service that is not served here.
    "grpc.enable_channelz": 0,
  };
}

function credentialsOf({ tls }: ResolvedGrpcServerOptions): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  return ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.cert }]);
}

function openToTheWorld(host: string): ConfigurationError {
  return new ConfigurationError(
    `The gRPC server may not listen on ${host}: no credentials are configured, so anybody there could run jobs. Set MEANWHILE_API_KEYS, make a key with "meanwhile keys create", or listen on 127.0.0.1.`,
  );
}
