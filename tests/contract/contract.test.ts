// One job, read on every channel at once while connections break and the server dies: everybody has the same log.
//
// MEANWHILE_CONTRACT_EVENTS: events of the job. Default: 1 000. MEANWHILE_CONTRACT_ROUNDS: how often, each with the next
// seed. Default: 1. MEANWHILE_CONTRACT_SEED: repeats a run.
import { JOB_EVENT_TYPES, type WebhookEndpointInput } from "@meanwhile/protocol";
import { Gate, until } from "@meanwhile/store-testkit";
import { afterEach, describe, expect, it } from "vitest";
import { testFolder } from "../harness/folder.js";
import { type Pair, type StreamJob, type StreamOptions, startPair } from "../harness/pair.js";
import { killLeftovers } from "../harness/process.js";
import { createRandom } from "../harness/random.js";
import { readByClient } from "../readers/client.js";
import { readByGrpc } from "../readers/grpc.js";
import { readByLongPolling, readByPolling } from "../readers/polling.js";
import type { Reader, Seen } from "../readers/reader.js";
import { ANY_JOB, readByBroadcast, readBySse } from "../readers/sse.js";
import { type Reads, startReader, upTo } from "../readers/start-reader.js";
import { readByStomp } from "../readers/stomp.js";
import { readInTurns } from "../readers/switching.js";
import { readByWebSocket } from "../readers/websocket.js";
import { wreak } from "./chaos.js";
import { findHookFaults, startFickleReceiver, tookAll, verifies } from "./hooks.js";

const EVENTS = Number(process.env.MEANWHILE_CONTRACT_EVENTS ?? 1_000);
const ROUNDS = Number(process.env.MEANWHILE_CONTRACT_ROUNDS ?? 1);
const SEED = Number(process.env.MEANWHILE_CONTRACT_SEED ?? Date.now() % 1_000_000);

const STREAM: StreamOptions = { count: EVENTS - 3, burst: 5, everyMs: 60, chunkBytes: 300, stopBefore: [1] };
const SECRET = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;

const READERS: Readonly<Record<string, Reader>> = {
  "pages of events": readByPolling,
  "long polling": readByLongPolling,
  "server-sent events": readBySse,
  WebSocket: readByWebSocket,
  STOMP: readByStomp,
  gRPC: readByGrpc,
  "our client": readByClient("auto"),
  "our client over WebSocket": readByClient("websocket"),
  "another channel every 70 events": readInTurns([readBySse, readByPolling, readByWebSocket, readByGrpc], {
    every: 70,
  }),
};

afterEach(killLeftovers);

describe("the log of a job", () => {
  for (const seed of upTo(SEED + ROUNDS - 1, { from: SEED })) {
    it(`is the same on every channel, whatever breaks (${EVENTS} events, seed ${seed})`, {
      timeout: 60_000 + EVENTS * 60,
    }, async () => {
      const random = createRandom(seed);
      const pair = await startPair({ folder: testFolder(), grpc: true, program: "impatient-server" });
      const { server } = pair;
      // Their chance is their own: what comes to them when is not decided by the seed, and must not move what is.
      const own = await startFickleReceiver(createRandom(seed + 1));
      const standing = await startFickleReceiver(createRandom(seed + 2));
      const endpoint = await makeEndpoint(pair, { url: standing.url, events: JOB_EVENT_TYPES, types: ["test.stream"] });
      const all = await startBroadcast(pair);
      const webhook = { url: own.url, events: JOB_EVENT_TYPES, secret: SECRET };
      const job = await pair.submitStream(STREAM, { webhook });
      const readers = [all, ...(await startReaders(pair, job))];

      job.letOn(1);
      const [deeds, fresh] = await Promise.all([
        wreak({ random, job, server, victims: readers, kills: Math.ceil(EVENTS / 250) }),
        job.logReaches(EVENTS / 2).then(() => rotateSecret(pair, endpoint.id)),
      ]);
      await Promise.all(readers.map(({ reads }) => reads.over({ withinMs: 40_000 })));
      await Promise.all([own, standing].map((receiver) => tookAll(receiver, job.total)));
      const { seen: log } = await readInPeace(pair, job);

      expect(log.map(({ seq }) => seq)).toEqual(upTo(job.total));
      expect(readers.flatMap(({ name, reads }) => findFaults(name, { seen: reads.seen, log }))).toEqual([]);
      expect(findHookFaults(own.hooks, { log, secrets: [SECRET] })).toEqual([]);
      expect(findHookFaults(standing.hooks, { log, secrets: [endpoint.secret, fresh] })).toEqual([]);
      const ends = [standing.hooks.at(0)!, standing.hooks.at(-1)!];
      expect(ends.map((hook) => verifies(hook, fresh))).toEqual([false, true]);
      expect(readers.filter(({ proxies }) => proxies.every(({ cuts }) => cuts === 0))).toEqual([]);
      expect(deeds.kill).toBe(server.kills);
      await pair.stop();
      report(deeds, own.hooks.length + standing.hooks.length);
    });
  }
});

interface NamedReader {
  readonly name: string;
  readonly reads: Reads;
  readonly proxies: readonly [Reads["http"], Reads["grpc"]];
}

function named(name: string, reads: Reads): NamedReader {
  return { name, reads, proxies: [reads.http, reads.grpc] };
}

/** Before the job is there: it tells what happens from now on. */
async function startBroadcast({ server }: Pair): Promise<NamedReader> {
  const opened = new Gate();
  const reads = await startReader(readByBroadcast({ opened: () => opened.open() }), { server, jobId: ANY_JOB });
  await opened.passed;
  return named("the stream of all jobs", reads);
}

/** Each has begun when this resolves. */
async function startReaders({ server }: Pair, { id: jobId }: StreamJob): Promise<readonly NamedReader[]> {
  const starting = Object.entries(READERS).map(async ([name, reader]) => {
    const reads = await startReader(reader, { server, jobId });
    await reads.reached(2);
    return named(name, reads);
  });
  return Promise.all(starting);
}

/** The log as it stands when nothing happens any more. */
async function readInPeace({ server }: Pair, { id: jobId }: StreamJob): Promise<Reads> {
  const reads = await startReader(readByPolling, { server, jobId });
  await reads.over();
  return reads;
}

async function makeEndpoint({ api }: Pair, body: WebhookEndpointInput): Promise<{ id: string; secret: string }> {
  const answer = await api.request<{ id: string; secret: string }>("POST", "/api/v2/webhooks/endpoints", { body });
  expect(answer.status).toBe(201);
  return answer.body;
}

/** Asks until it is answered: the server may be away. An answer that is lost makes two rotations, and the first secret history. */
async function rotateSecret({ api }: Pair, endpointId: string): Promise<string> {
  const path = `/api/v2/webhooks/endpoints/${endpointId}/rotate-secret`;
  const ask = () => api.request<{ secret: string }>("POST", path).catch(() => undefined);
  const { body } = await until(ask, { what: "the secret is rotated", limitMs: 15_000 });
  return body.secret;
}

/** In words: a thousand numbers side by side show nobody where the fault is. */
function findFaults(name: string, { seen, log }: { seen: readonly Seen[]; log: readonly Seen[] }): string[] {
  const faults: string[] = [];
  for (const [index, event] of seen.entries()) {
    const expected = index === 0 ? 1 : seen[index - 1]!.seq + 1;
    if (event.seq !== expected) faults.push(`${name}: ${event.seq} came in the place of ${expected}`);
    const stored = log[event.seq - 1];
    if (stored === undefined || textOf(event) !== textOf(stored))
      faults.push(`${name}: ${event.seq} is ${textOf(event)}`);
  }
  if (seen.at(-1)?.seq !== log.length) faults.push(`${name}: ended with ${seen.at(-1)?.seq}`);
  return faults;
}

function textOf({ jobId, seq, type, status, at, data }: Seen): string {
  return JSON.stringify({ jobId, seq, type, status, at, data });
}

function report(deeds: Readonly<Record<string, number>>, sendings: number): void {
  const harms = Object.entries(deeds).map(([deed, count]) => `${deed} ${count}`);
  process.stderr.write(`contract: ${harms.join(", ")}; ${sendings} webhooks sent\n`);
}
