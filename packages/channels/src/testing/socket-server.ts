// The WebSocket channel on a real HTTP server, with a real engine and worker on a store in memory.
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import {
  AppError,
  type Clock,
  createMemoryStore,
  createService,
  defineJob,
  type Engine,
  type FileBytes,
  type IdSource,
  type Job,
  type Logger,
  type Principal,
  systemClock,
} from "@meanwhile/core";
import { Gate } from "@meanwhile/store-testkit";
import { onTestFinished } from "vitest";
import type { SocketAccess } from "../socket/dialect.js";
import type { SocketOptions } from "../socket/parts.js";
import { createSocketChannel, type SocketChannel } from "../socket/socket-channel.js";

export interface SocketServer {
  /** `ws://127.0.0.1:40123/websocket` */
  readonly url: string;
  readonly channel: SocketChannel;
  readonly engine: Engine;
  readonly ids: IdSource;
  /** What was logged as an error. */
  readonly complaints: readonly string[];
  /** What was logged besides. */
  readonly remarks: readonly string[];
  /** Bytes that the server has ever written, and of those that wait. */
  written(): { bytes: number; waiting: number };
  /** Lets jobs of the type `gated` go on. */
  open(gate: string): void;
  submit(type: string, parameters?: object, owner?: string): Promise<Job>;
  /** The credential with this token has ended. */
  revoke(token: string): void;
  /** Tells the engine that the process stops. */
  stopService(): Promise<void>;
}

export interface SocketServerOptions extends SocketOptions {
  /** Tokens and whose they are. Default: none, so that everybody is `local`. */
  readonly tokens?: Readonly<Record<string, Partial<Principal>>>;
  /** Tickets and what they open. */
  readonly tickets?: Readonly<Record<string, SocketAccess>>;
  /** Of the channel alone; the service has the machine's. */
  readonly clock?: Clock;
  readonly engine?: (real: Engine) => Engine;
  readonly admit?: () => Promise<void>;
}

export const person = (owner: string, rest: Partial<Principal> = {}): Principal => ({
  owner,
  name: owner,
  scopes: null,
  expiresAt: null,
  credentialId: null,
  ...rest,
});

export async function startSocketServer(options: SocketServerOptions = {}): Promise<SocketServer> {
  const { tokens, tickets = {}, clock = systemClock, admit = async () => {}, engine: wrap = (real) => real } = options;
  const gates = createGates();
  const store = createMemoryStore({ clock: systemClock });
  await store.migrate();
  const service = createService({ store, jobs: testJobs(gates.passed), fileBytes: NO_FILES }, { shutdownGraceMs: 0 });
  await service.start();
  const complaints: string[] = [];
  const remarks: string[] = [];
  const watched = new Map<string, Set<() => void>>();
  const principalOf = (token: string): Principal => {
    const found = tokens?.[token];
    if (found === undefined) throw new AppError("unauthenticated", { message: "The token is not valid." });
    return person(found.owner ?? token, { credentialId: token, ...found });
  };
  const engine = wrap(service.engine);
  const channel = createSocketChannel(
    {
      engine,
      clock,
      ids: service.ids,
      logger: collectInto(complaints, remarks),
      linkBase: "",
      admit,
      async authenticate(authorization) {
        if (tokens === undefined) return person("local");
        if (authorization === undefined) throw new AppError("unauthenticated", { message: "Send a token." });
        return principalOf(authorization.replace(/^Bearer /, ""));
      },
      async redeemTicket(ticket) {
        const access = tickets[ticket];
        if (access === undefined) throw new AppError("unauthenticated", { message: "The ticket is not valid." });
        return access;
      },
      watchCredential({ credentialId }, onEnd) {
        const ends = watched.get(credentialId ?? "") ?? new Set();
        watched.set(credentialId ?? "", ends.add(onEnd));
        return () => void ends.delete(onEnd);
      },
      isDraining: () => service.isDraining,
    },
    options,
  );
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  server.on("upgrade", (request, socket, head) => channel.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    gates.openAll();
    await channel.close();
    server.close();
    await service.stop({ graceMs: 0 });
    await store.close();
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/websocket`,
    channel,
    engine: service.engine,
    ids: service.ids,
    complaints,
    remarks,
    written: () => ({
      bytes: sum([...sockets].map(({ bytesWritten }) => bytesWritten)),
      waiting: sum([...sockets].map(({ writableLength }) => writableLength)),
    }),
    open: gates.open,
    async submit(type, parameters = {}, owner = "local") {
      return (await service.engine.submit({ type, parameters }, { principal: person(owner) })).job;
    },
    revoke: (token) => {
      for (const end of watched.get(token) ?? []) end();
    },
    stopService: () => service.stop({ graceMs: 0 }),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

interface Gates {
  passed(name: string): Promise<void>;
  open(name: string): void;
  openAll(): void;
}

function createGates(): Gates {
  const gates = new Map<string, Gate>();
  const gateOf = (name: string): Gate => {
    const gate = gates.get(name) ?? new Gate();
    gates.set(name, gate);
    return gate;
  };
  return {
    passed: (name) => gateOf(name).passed,
    open: (name) => gateOf(name).open(),
    openAll: () => {
      for (const gate of gates.values()) gate.open();
    },
  };
}

const testJobs = (pass: Gates["passed"]) => [
  defineJob({ type: "echo", run: ({ parameters }) => parameters }),
  defineJob({
    type: "gated",
    async run({ parameters, signal }) {
      const { gate } = parameters as { gate: string };
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
      await Promise.race([pass(gate), aborted]);
      return { gate };
    },
  }),
  /** Gives out so many chunks of so many bytes, then waits at its gate, where it has one. */
  defineJob({
    type: "chunks",
    async run({ parameters, output }) {
      const { count, bytes, gate } = parameters as { count: number; bytes: number; gate?: string };
      for (let chunk = 0; chunk < count; chunk++) await output("x".repeat(bytes));
      if (gate !== undefined) await pass(gate);
      return { count };
    },
  }),
  defineJob({ type: "large", run: ({ parameters }) => "y".repeat((parameters as { bytes: number }).bytes) }),
];

function collectInto(complaints: string[], remarks: string[]): Logger {
  const remark = (_fields: object, message: string) => void remarks.push(message);
  return {
    debug: remark,
    info: remark,
    warn: remark,
    error: (fields, message) => void complaints.push(`${message}: ${(fields as { err?: Error }).err?.stack ?? ""}`),
  };
}

const NO_FILES: FileBytes = {
  write: () => Promise.reject(new Error("there are no files here")),
  read: () => {
    throw new Error("there are no files here");
  },
  remove: async () => {},
  sweep: async () => 0,
};
