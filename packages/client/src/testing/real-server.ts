// A whole server on a real socket: real engine, real worker, a store in memory. Everything it starts, it stops.
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryStore, createService, type Service, systemClock } from "@meanwhile/core";
import { createDiskFileBytes } from "@meanwhile/files-disk";
import { createServer, type ServerOptions } from "@meanwhile/server";
import { onTestFinished } from "vitest";
import { createTestJobs, type TestJobs } from "./test-jobs.js";

export interface RealServer extends TestJobs {
  readonly url: string;
  readonly port: number;
  readonly service: Service;
  /** Closes every connection and stops listening; the jobs go on. */
  goAway(): Promise<void>;
  /** Listens again, on the same port. */
  comeBack(): Promise<void>;
}

export async function startRealServer(options: ServerOptions = {}): Promise<RealServer> {
  const jobs = createTestJobs();
  const folder = await mkdtemp(join(tmpdir(), "meanwhile-client-"));
  const store = createMemoryStore({ clock: systemClock });
  await store.migrate();
  const service = createService({ store, jobs: jobs.definitions, fileBytes: createDiskFileBytes({ folder }) });
  await service.start();
  const open = async (port: number) => {
    const server = createServer({ ...service, store, secrets: store.secrets, apiKeys: store.apiKeys }, options);
    await server.listen({ port });
    return server;
  };
  let server = await open(0);
  const { port } = server.app.server.address() as AddressInfo;
  const goAway = async () => {
    server.app.server.closeAllConnections();
    const closed = server.close();
    server.app.server.closeAllConnections();
    await closed;
  };
  onTestFinished(async () => {
    jobs.openAll();
    await goAway();
    await service.stop({ graceMs: 2_000 });
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    ...jobs,
    url: `http://127.0.0.1:${port}`,
    port,
    service,
    goAway,
    comeBack: async () => {
      server = await open(port);
    },
  };
}
