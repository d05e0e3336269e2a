// A whole server on a real socket, with one job type that waits at gates. Everything it starts, it stops.
import type { AddressInfo } from "node:net";
import {
  createMemoryStore,
  createService,
  defineJob,
  type FileBytes,
  NonRetryableError,
  systemClock,
} from "@meanwhile/core";
import { createServer } from "@meanwhile/server";
import { Gate } from "@meanwhile/store-testkit";
import { onTestFinished } from "vitest";
import { z } from "zod";

export interface RealServer {
  readonly url: string;
  /** How many event streams are open. */
  streams(): number;
  open(gate: "first" | "second"): void;
}

const NO_FILES: FileBytes = {
  write: () => Promise.reject(new Error("There are no files here.")),
  read: () => {
    throw new Error("There are no files here.");
  },
  remove: async () => {},
  sweep: async () => 0,
};

export async function startRealServer(): Promise<RealServer> {
  const gates = { first: new Gate(), second: new Gate() };
  const store = createMemoryStore({ clock: systemClock });
  await store.migrate();
  const service = createService({ store, jobs: [gated(gates)], fileBytes: NO_FILES });
  await service.start();
  const server = createServer({ ...service, store, secrets: store.secrets, apiKeys: store.apiKeys });
  let streams = 0;
  server.app.addHook("onRequest", async (request, reply) => {
    if (request.headers.accept !== "text/event-stream") return;
    streams++;
    reply.raw.once("close", () => streams--);
  });
  await server.listen({ port: 0 });
  onTestFinished(async () => {
    gates.first.open();
    gates.second.open();
    await server.close();
    await service.stop({ graceMs: 2_000 });
    await store.close();
  });
  const { port } = server.app.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, streams: () => streams, open: (gate) => gates[gate].open() };
}

function gated(gates: { first: Gate; second: Gate }) {
  return defineJob({
    type: "test.gated",
    parameters: z.object({ fails: z.boolean().default(false) }),
    result: z.object({ done: z.boolean() }),
    async run({ parameters, progress, signal }) {
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
      await Promise.race([gates.first.passed, aborted]);
      await progress(0.5, "half way", { currentStep: 1, totalSteps: 2 });
      await Promise.race([gates.second.passed, aborted]);
      if (parameters.fails) throw new NonRetryableError("no_way", "It is not possible.");
      return { done: true };
    },
  });
}
