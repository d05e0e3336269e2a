// One job, read on every channel at once while connections break and the server dies: everybody has the same log.
//
// MEANWHILE_CONTRACT_EVENTS: events of the job. Default: 1 000. MEANWHILE_CONTRACT_ROUNDS: how often, each with the next
// seed. Default: 1. MEANWHILE_CONTRACT_SEED: repeats a run.
import { Gate } from "@meanwhile/store-testkit";
import { afterEach, describe, expect, it } from "vitest";
import { testFolder } from "../harness/folder.js";
import { startPair } from "../harness/pair.js";
import { killLeftovers } from "../harness/process.js";
import { createRandom } from "../harness/random.js";
import { readByClient } from "../readers/client.js";
import { readByGrpc } from "../readers/grpc.js";
import { readByLongPolling, readByPolling } from "../readers/polling.js";
import type { Reader, Seen } from "../readers/reader.js";
import { ANY_JOB, readByBroadcast, readBySse } from "../readers/sse.js";
import { startReader, upTo } from "../readers/start-reader.js";
import { readByStomp } from "../readers/stomp.js";
import { readInTurns } from "../readers/switching.js";
import { readByWebSocket } from "../readers/websocket.js";
import { wreak } from "./chaos.js";

const EVENTS = Number(process.env.MEANWHILE_CONTRACT_EVENTS ?? 1_000);
const ROUNDS = Number(process.env.MEANWHILE_CONTRACT_ROUNDS ?? 1);
const SEED = Number(process.env.MEANWHILE_CONTRACT_SEED ?? Date.now() % 1_000_000);

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
      const pair = await startPair({ folder: testFolder(), grpc: true });
      const { server } = pair;
      const opened = new Gate();
      const broadcast = readByBroadcast({ opened: () => opened.open() });
      const all = { name: "the stream of all jobs", reads: await startReader(broadcast, { server, jobId: ANY_JOB }) };
      await opened.passed;
      const job = await pair.submitStream({
        count: EVENTS - 3,
        burst: 5,
        everyMs: 60,
        chunkBytes: 300,
        stopBefore: [1],
      });
      const others = await Promise.all(
        Object.entries(READERS).map(async ([name, reader]) => ({
          name,
          reads: await startReader(reader, { server, jobId: job.id }),
        })),
      );
      const readers = [all, ...others];
      await Promise.all(readers.map(({ reads }) => reads.reached(2)));

      job.letOn(1);
      const victims = readers.map(({ name, reads }) => ({ name, proxies: [reads.http, reads.grpc] }));
      const deeds = await wreak({ random, job, server, victims, kills: Math.ceil(EVENTS / 250) });
      await Promise.all(readers.map(({ reads }) => reads.over({ withinMs: 40_000 })));
      const log = await startReader(readByPolling, { server, jobId: job.id });
      await log.over();

      expect(log.seqs).toEqual(upTo(job.total));
      expect(readers.flatMap(({ name, reads }) => findFaults(name, reads.seen, log.seen))).toEqual([]);
      expect(readers.filter(({ reads }) => reads.http.cuts + reads.grpc.cuts === 0).map(({ name }) => name)).toEqual(
        [],
      );
      expect(deeds.kill).toBe(server.kills);
      await pair.stop();
      process.stderr.write(`contract: ${JSON.stringify(deeds)}\n`);
    });
  }
});

/** In words: a thousand numbers side by side show nobody where the fault is. */
function findFaults(name: string, seen: readonly Seen[], log: readonly Seen[]): string[] {
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
