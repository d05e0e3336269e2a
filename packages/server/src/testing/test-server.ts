// A whole server for a test: real engine, real worker, a store in memory, webhooks to loopback. Everything it starts, it stops.
import { createWebhookChannel } from "@meanwhile/channels";
import {
  createMemoryStore,
  createService,
  type Logger,
  type ServiceOptions,
  type Store,
  systemClock,
} from "@meanwhile/core";
import { onTestFinished } from "vitest";
import type { ServerParts } from "../context.js";
import { createServer, type HttpServer } from "../create-server.js";
import type { ServerOptions } from "../options.js";
import { createMemoryFileBytes } from "./memory-file-bytes.js";
import { createTestJobs, type TestJobs } from "./test-jobs.js";

export interface TestServer extends HttpServer {
  readonly parts: ServerParts & { readonly store: Store };
  readonly jobs: TestJobs;
  readonly fileIds: () => readonly string[];
  /** Every error that the server logged: faults of its own. What jobs log is not among them. */
  readonly complaints: readonly string[];
}

export interface TestServerOptions extends ServerOptions {
  store?: Store;
  /** Default: a worker with the usual options. */
  worker?: ServiceOptions["worker"];
  files?: ServiceOptions["files"];
  delivery?: ServiceOptions["delivery"];
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { store = createMemoryStore({ clock: systemClock }), worker, files, delivery, ...serverOptions } = options;
  const jobs = createTestJobs();
  const fileBytes = createMemoryFileBytes();
  const complaints: string[] = [];
  const logger = createComplaintLogger(complaints);
  await store.migrate();
  const service = createService(
    { store, jobs: jobs.definitions, fileBytes, pushChannels: [createTestWebhooks()] },
    {
      ...(worker === undefined ? {} : { worker }),
      ...(files === undefined ? {} : { files }),
      ...(delivery === undefined ? {} : { delivery }),
    },
  );
  await service.start();
  const parts = { ...pickParts(service), store, apiKeys: store.apiKeys, secrets: store.secrets, logger };
  const server = createServer(parts, serverOptions);
  await server.app.ready();
  onTestFinished(async () => {
    jobs.openAll();
    await server.close();
    await service.stop({ graceMs: 2_000 });
    await store.close();
  });
  return { ...server, parts, jobs, fileIds: fileBytes.ids, complaints };
}

/** The real channel. It may send to receivers of the test, and no name leads anywhere: nothing leaves this machine. */
function createTestWebhooks() {
  return createWebhookChannel({
    allowPrivateTargets: ["127.0.0.1"],
    resolve: () => Promise.reject(new Error("no name is resolved in tests")),
  });
}

function pickParts({ engine, catalog, files, clock, ids }: ReturnType<typeof createService>) {
  return { engine, catalog, files, clock, ids };
}

function createComplaintLogger(complaints: string[]): Logger {
  const keep = (fields: object, message: string) => {
    const { err } = fields as { err?: unknown };
    complaints.push(err instanceof Error ? `${message}: ${err.stack}` : message);
  };
  return { debug() {}, info() {}, warn() {}, error: keep };
}
