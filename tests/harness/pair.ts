// A server that may be killed, and a worker in another process that goes on: a job's log grows whoever reads it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "@meanwhile/store-testkit";
import type { Api } from "./api.js";
import type { ServeOptions } from "./serve.js";
import { type SteadyServer, startSteadyServer } from "./steady-server.js";
import { SQLITE } from "./stores.js";

export interface Pair {
  readonly server: SteadyServer;
  readonly api: Api;
  readonly worker: SteadyServer;
  /** Submits a `test.stream`; `envelope` stands beside type and parameters. */
  submitStream(options: StreamOptions, envelope?: object): Promise<StreamJob>;
  stop(): Promise<void>;
}

export interface StreamOptions {
  /** How many chunks it puts out. */
  count: number;
  /** So many at once. Default: 1. */
  burst?: number;
  /** Pause after each burst. Default: none. */
  everyMs?: number;
  /** Length of the text in each chunk. Default: 0. */
  chunkBytes?: number;
  /** It waits before each of these chunks until it is let on. Default: none. */
  stopBefore?: readonly number[];
}

export interface StreamJob {
  readonly id: string;
  /** Its events in all: submitted and started, the chunks, completed. More where an attempt is lost. */
  readonly total: number;
  /** The `seq` of the n-th chunk. */
  seqOf(n: number): number;
  /** Lets it on that waits before this chunk. */
  letOn(n: number): void;
  /** Waits until its log, as it stands in the store for every reader, has come to this `seq`. */
  logReaches(seq: number, options?: { withinMs?: number }): Promise<void>;
}

/** The worker lives on: its lease is one that no slow machine lets run out. */
const LEASE_MS = 15_000;

export async function startPair({ grpc = false, ...given }: ServeOptions): Promise<Pair> {
  const options = { leaseMs: LEASE_MS, ...given };
  const { folder, store = SQLITE.open(folder) } = options;
  const server = await startSteadyServer({ ...options, store, role: "api", grpc });
  const worker = await startSteadyServer({ ...options, store, role: "worker" });
  let streams = 0;

  return {
    server,
    api: server.api,
    worker,
    async submitStream({ stopBefore = [], ...parameters }, envelope) {
      const stream = ++streams;
      const gate = (n: number) => join(folder, `stream-${stream}-before-${n}`);
      const gates = stopBefore.map((before) => ({ before, file: gate(before) }));
      const { status, body } = await server.api.submit("test.stream", { ...parameters, gates }, envelope);
      if (status !== 202) throw new Error(`The submit was answered ${status}: ${JSON.stringify(body)}`);
      return {
        id: body.id,
        total: parameters.count + 3,
        seqOf: (n) => n + 2,
        letOn: (n) => writeFileSync(gate(n), ""),
        async logReaches(seq, { withinMs = 30_000 } = {}) {
          const what = `the log of job ${body.id} has come to ${seq}`;
          await until(async () => (await store.lastSeq(body.id)) >= seq, { what, limitMs: withinMs });
        },
      };
    },
    async stop() {
      await Promise.all([worker.stop(), server.stop()]);
      if (options.store === undefined) await store.remove();
    },
  };
}
