// One job, read on every channel at once while connections break and the server dies: everybody has the same log.
//
// MEANWHILE_CONTRACT_EVENTS: events of the job. Default: 1 000. MEANWHILE_CONTRACT_ROUNDS: how often, each with the next
// seed. Default: 1. MEANWHILE_CONTRACT_SEED: repeats a run.
import { JOB_EVENT_TYPES, type WebhookEndpointInput } from "@meanwhile/protocol";
import { Gate, until } from "@meanwhile/store-testkit";
import { afterEach, describe, expect, it } from "vitest";
import { testFolder } from "../harness/folder.js";
import type { HookReceiver } from "../harness/hook-receiver.js";
import { type Pair, type StreamJob, startPair } from "../harness/pair.js";
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

interface LineUp {
  readonly what: string;
  readonly events: number;
  readonly serverKills: number;
  readonly workerKills: number;
}

const LINE_UPS: readonly LineUp[] = [
  { what: "the server is killed", events: EVENTS, serverKills: Math.ceil(EVENTS / 250), workerKills: 0 },
  // Every death of a worker is one more attempt, which tells everything again.
  { what: "server and worker are killed", events: Math.ceil(EVENTS / 4), serverKills: 2, workerKills: 2 },
];

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
    for (const lineUp of LINE_UPS) {
      const { what, events, serverKills, workerKills } = lineUp;
      it(`is the same on every channel although connections break and ${what} (${events} events, seed ${seed})`, {
        timeout: 60_000 + events * 60,
      }, async () => {
        const pair = await startPair({ folder: testFolder(), grpc: true, program: "impatient-server", leaseMs: 1_000 });

        const { job, log, readers, hooks, deeds } = await readEverywhere(pair, { lineUp, seed });

        expect(log.map(({ seq }) => seq)).toEqual(upTo(log.length));
        // Two deaths within one lease are one lost attempt.
        const lost = log.filter(({ type }) => type === "job.retrying").length;
        expect(lost).toBeGreaterThanOrEqual(Math.min(1, workerKills));
        expect(lost).toBeLessThanOrEqual(workerKills);
        if (lost === 0) expect(log).toHaveLength(job.total);
        expect(readers.flatMap(({ name, reads }) => findFaults(name, { seen: reads.seen, log }))).toEqual([]);
        for (const { receiver, secrets } of hooks) expect(findHookFaults(receiver.hooks, { log, secrets })).toEqual([]);
        expect(readers.filter(hadItsPeace).map(({ name }) => name)).toEqual([]);
        expect([pair.server.kills, pair.worker.kills]).toEqual([serverKills, workerKills]);
        await pair.stop();
        report(deeds, { log, hooks });
      });
    }
  }
});

/** Submits the job, and resolves when everybody has read it to its end. */
async function readEverywhere(pair: Pair, { lineUp, seed }: { lineUp: LineUp; seed: number }) {
  const { events, serverKills, workerKills } = lineUp;
  // Their chance is their own: what comes to them when is not decided by the seed, and must not move what is.
  const own = await startFickleReceiver(createRandom(seed + 1));
  const standing = await startFickleReceiver(createRandom(seed + 2));
  const endpoint = await makeEndpoint(pair, { url: standing.url, events: JOB_EVENT_TYPES, types: ["test.stream"] });
  const all = await startBroadcast(pair);
  const stream = { count: events - 3, burst: 5, everyMs: 60, chunkBytes: 300, stopBefore: [1] };
  const job = await pair.submitStream(stream, { webhook: { url: own.url, events: JOB_EVENT_TYPES, secret: SECRET } });
  const readers = [all, ...(await startReaders(pair, job))];
  const mortals = [
    { process: pair.server, kills: serverKills },
    { process: pair.worker, kills: workerKills },
  ];

  job.letOn(1);
  const [deeds, fresh] = await Promise.all([
    wreak({ random: createRandom(seed), job, victims: readers, mortals }),
    rotateSecret(pair, { endpointId: endpoint.id, receiver: standing }),
  ]);
  await Promise.all(readers.map(({ reads }) => reads.over({ withinMs: 40_000 })));
  const { seen: log } = await readInPeace(pair, job);
  await Promise.all([own, standing].map((receiver) => tookAll(receiver, log.length)));
  expect(verifies(standing.hooks.at(0)!, fresh)).toBe(false);
  expect(verifies(standing.hooks.at(-1)!, fresh)).toBe(true);
  const hooks = [
    { receiver: own, secrets: [SECRET] },
    { receiver: standing, secrets: [endpoint.secret, fresh] },
  ];
  return { job, log, readers, hooks, deeds };
}

interface NamedReader {
  readonly name: string;
  readonly reads: Reads;
  readonly proxies: readonly [Reads["http"], Reads["grpc"]];
}

/** Whether it never had to come back: then nothing has been shown for it. */
function hadItsPeace({ proxies }: NamedReader): boolean {
  return proxies.every(({ taken }) => taken < 2);
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

/**
 * As soon as something has come that the first secret alone has signed. Asks until it is answered: the server may be away. An
 * answer that is lost makes two rotations, and the first secret history.
 */
async function rotateSecret(
  { api }: Pair,
  { endpointId, receiver }: { endpointId: string; receiver: HookReceiver },
): Promise<string> {
  await until(() => receiver.hooks.length > 0, { what: "the first webhook has come" });
  const path = `/api/v2/webhooks/endpoints/${endpointId}/rotate-secret`;
  const ask = async () => {
    const answer = await api.request<{ secret: string }>("POST", path).catch(() => undefined);
    return answer?.status === 200 && answer.body.secret;
  };
  return until(ask, { what: "the secret is rotated", limitMs: 15_000 });
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

interface Sums {
  readonly log: readonly Seen[];
  readonly hooks: readonly { readonly receiver: HookReceiver }[];
}

function report(deeds: Readonly<Record<string, number>>, { log, hooks }: Sums): void {
  const harms = Object.entries(deeds).map(([deed, count]) => `${deed} ${count}`);
  const sendings = hooks.reduce((sum, { receiver }) => sum + receiver.hooks.length, 0);
  process.stderr.write(`contract: ${log.length} events; ${harms.join(", ")}; ${sendings} webhooks sent\n`);
}
