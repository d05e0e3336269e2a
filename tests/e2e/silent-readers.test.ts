// Five hundred readers whose machines fell asleep: their connections stay, and nobody reads. They cost the server little, the
// others nothing, and are cut when its patience ends.
import { setMaxListeners } from "node:events";
import { existsSync } from "node:fs";
import { until } from "@meanwhile/store-testkit";
import { afterEach, expect, it } from "vitest";
import { testFolder } from "../harness/folder.js";
import { type Pair, type StreamJob, startPair } from "../harness/pair.js";
import { killLeftovers } from "../harness/process.js";
import { memoryOf, socketsOf } from "../harness/process-facts.js";
import type { TcpProxy } from "../harness/proxy.js";
import { connectTo, describeService, type Message } from "../readers/grpc.js";
import type { Reader } from "../readers/reader.js";
import { readBySse } from "../readers/sse.js";
import { startReader, upTo } from "../readers/start-reader.js";
import { readByWebSocket } from "../readers/websocket.js";

afterEach(killLeftovers);

const SILENT = { sse: 170, webSocket: 170, grpc: 160 };
const ALL_SILENT = SILENT.sse + SILENT.webSocket + SILENT.grpc;

/** What flows past them: were it kept for each, there would be 4 GB of it. */
const CHUNKS = { count: 2_000, chunkBytes: 4_096, burst: 20 };

/** By the contract: what is further behind is not kept for anybody. */
const MOST_BYTES_PER_READER = 1_024 * 1_024;

/**
 * By the channels' READMEs: SSE after 30 s at the next heartbeat, WebSocket after 20 s and what it waits for a goodbye, gRPC
 * after 50 s. Each counts from the last byte that the kernel took, which comes late where memory for sockets is short.
 */
const PATIENCE_MS = 90_000;

it(`${ALL_SILENT} readers that never read cost little, slow nobody, and are cut`, {
  timeout: 180_000,
}, async (context) => {
  if (!existsSync("/proc/self/status")) return context.skip("needs /proc");
  const pair = await startPair({ folder: testFolder(), grpc: true });
  const { pid } = pair.server;
  const idle = { sockets: socketsOf(pid), memory: memoryOf(pid) };
  const job = await pair.submitStream({ ...CHUNKS, stopBefore: [CHUNKS.burst + 1] });
  await job.logReaches(job.seqOf(CHUNKS.burst));

  const silent = await startSilentReaders(pair, job);
  const held = { sockets: socketsOf(pid), memory: memoryOf(pid) };
  const reads = await startReader(readBySse, { server: pair.server, jobId: job.id });
  job.letOn(CHUNKS.burst + 1);
  await job.logReaches(job.total);
  const loggedAt = performance.now();
  await reads.reached(job.total);
  const behindMs = performance.now() - loggedAt;
  const { peakBytes } = memoryOf(pid);

  expect(held.sockets - idle.sockets).toBeGreaterThanOrEqual(ALL_SILENT);
  expect(reads.seqs).toEqual(upTo(job.total));
  expect(behindMs).toBeLessThan(5_000);
  expect(peakBytes - held.memory.nowBytes).toBeLessThan(ALL_SILENT * MOST_BYTES_PER_READER);
  await until(() => socketsOf(pid) < idle.sockets + 10, { what: "all are cut", limitMs: PATIENCE_MS });
  const cutAfterMs = performance.now() - loggedAt;
  expect((await pair.api.submit("test.echo", {}, {}, { prefer: "wait=10" })).body.status).toBe("COMPLETED");
  silent.close();
  await pair.stop();
  const mib = (bytes: number) => Math.round(bytes / 1_048_576);
  process.stderr.write(
    `silent readers: ${mib(idle.memory.nowBytes)} MiB idle, ${mib(held.memory.nowBytes)} with ${ALL_SILENT} of them, at most ${mib(peakBytes)}; a reader was ${Math.round(behindMs)} ms behind; all cut after ${Math.round(cutAfterMs / 1_000)} s\n`,
  );
});

/** They have begun, and take nothing from now on. */
async function startSilentReaders(pair: Pair, job: StreamJob): Promise<{ close(): void }> {
  const [http, grpc] = [await pair.server.proxy("http"), await pair.server.proxy("grpc")];
  const described = await describeService(`127.0.0.1:${grpc.port}`);
  const leaving = new AbortController();
  setMaxListeners(0, leaving.signal);
  // One event is there for each of them.
  const after = job.seqOf(CHUNKS.burst - 1);
  let begun = 0;
  const listen = (reader: Reader) =>
    reader({
      http: `127.0.0.1:${http.port}`,
      grpc: `127.0.0.1:${grpc.port}`,
      jobId: job.id,
      after,
      note: () => void begun++,
      signal: leaving.signal,
    }).catch(() => {});
  for (let count = 0; count < SILENT.sse; count++) void listen(readBySse);
  for (let count = 0; count < SILENT.webSocket; count++) void listen(readByWebSocket);
  const clients = Array.from({ length: SILENT.grpc }, () =>
    watchOnce(grpc, { described, jobId: job.id, after, note: () => begun++ }),
  );
  await until(() => begun === ALL_SILENT, { what: "every reader has its first event", limitMs: 30_000 });
  for (const proxy of [http, grpc]) proxy.hold();
  return {
    close() {
      leaving.abort();
      for (const client of clients) client.close();
    },
  };
}

function watchOnce(
  { port }: TcpProxy,
  { described, jobId, after, note }: { described: Message; jobId: string; after: number; note(): void },
): { close(): void } {
  const client = connectTo(`127.0.0.1:${port}`, described);
  const stream = client.stream("WatchJob", { job_id: jobId, after_seq: after });
  stream.on("data", note).on("error", () => {});
  return client;
}
