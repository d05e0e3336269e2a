// A whole gRPC server for a test: real engine, real worker, real sockets, a store in memory. Everything it starts, it stops.
import {
  AppError,
  type Clock,
  createMemoryStore,
  createService,
  LOCAL_PRINCIPAL,
  type Logger,
  type Principal,
  type Service,
  type Store,
  systemClock,
} from "@meanwhile/core";
import { onTestFinished } from "vitest";
import { createGrpcServer, type GrpcServer } from "../create-grpc-server.js";
import type { GrpcServerOptions } from "../options.js";
import { type ConnectOptions, connect, type TestClient } from "./test-client.js";
import { createTestJobs, type TestJobs } from "./test-jobs.js";

export interface TestGrpcServer extends GrpcServer {
  readonly service: Service;
  readonly jobs: TestJobs;
  /** Where it listens. */
  readonly address: string;
  /** A client of its own connection, closed when the test is over. */
  client(options?: ConnectOptions): TestClient;
  /** Ends the credential of this principal, as an expiry or a revocation would. */
  endCredential(owner: string): void;
  /** Credentials that are looked after now: one for each open watch. */
  readonly watchedCredentials: () => number;
  /** Every error that the server logged. */
  readonly complaints: readonly string[];
}

export interface TestGrpcServerOptions extends GrpcServerOptions {
  store?: Store;
  /** Tokens and whom they stand for. Default: none, every caller is `local`. */
  tokens?: Readonly<Record<string, Principal>>;
  linkBase?: string;
  /** Of the channel alone. Default: the machine's. */
  clock?: Clock;
}

export async function startTestGrpcServer(options: TestGrpcServerOptions = {}): Promise<TestGrpcServer> {
  const {
    store = createMemoryStore({ clock: systemClock }),
    tokens,
    linkBase,
    clock = systemClock,
    ...grpcOptions
  } = options;
  const jobs = createTestJobs();
  const complaints: string[] = [];
  const credentials = createCredentials();
  await store.migrate();
  const service = createService({ store, jobs: jobs.definitions, fileBytes: noFileBytes });
  await service.start();
  const { engine, ids } = service;
  const server = createGrpcServer(
    {
      engine,
      clock,
      ids,
      authenticator: { isClosed: () => tokens !== undefined, authenticate: authenticateBy(tokens) },
      liveCredentials: credentials,
      logger: collect(complaints),
      ...(linkBase === undefined ? {} : { linkBase }),
    },
    grpcOptions,
  );
  onTestFinished(async () => {
    jobs.openAll();
    await server.close();
    await service.stop({ graceMs: 2_000 });
    await store.close();
  });
  const address = await server.listen({ port: 0 });
  return {
    ...server,
    service,
    jobs,
    address,
    client: (connectOptions) => connect(address, connectOptions),
    endCredential: credentials.end,
    watchedCredentials: credentials.count,
    complaints,
  };
}

export function principalOf(owner: string, scopes: readonly string[] | null = null): Principal {
  return { owner, name: owner, scopes, expiresAt: null, credentialId: owner };
}

function authenticateBy(tokens: Readonly<Record<string, Principal>> | undefined) {
  return (authorization: string | undefined): Principal => {
    if (tokens === undefined) return LOCAL_PRINCIPAL;
    const principal = tokens[authorization?.replace(/^Bearer /, "") ?? ""];
    if (principal !== undefined) return principal;
    throw new AppError("unauthenticated", { message: "Send an API key as Authorization: Bearer …" });
  };
}

function createCredentials() {
  const watched = new Set<{ owner: string; onEnd: () => void }>();
  return {
    watch(principal: Principal, onEnd: () => void) {
      const entry = { owner: principal.owner, onEnd };
      watched.add(entry);
      return () => void watched.delete(entry);
    },
    end(owner: string) {
      for (const entry of watched) if (entry.owner === owner) entry.onEnd();
    },
    count: () => watched.size,
  };
}

function collect(complaints: string[]): Logger {
  const keep = (fields: object, message: string) => {
    const { err } = fields as { err?: unknown };
    complaints.push(err instanceof Error ? `${message}: ${err.stack}` : message);
  };
  return { debug() {}, info() {}, warn() {}, error: keep };
}

/** These tests have no files. */
const noFileBytes = {
  write: () => Promise.reject(new Error("there are no files here")),
  read: () => {
    throw new Error("there are no files here");
  },
  remove: async () => {},
  sweep: async () => 0,
};
