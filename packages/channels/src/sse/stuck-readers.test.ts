// Readers that never read: what waits for each is bounded, whatever happens in the log, and in the end they are cut.
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { silentLogger } from "@meanwhile/core";
import { ManualClock, until } from "@meanwhile/store-testkit";
import { expect, it, onTestFinished } from "vitest";
import { startPullService } from "../testkit/pull-service.js";
import { createSseChannel } from "./sse-channel.js";

const READERS = 500;
const MIB = 1024 * 1024;

it("five hundred readers that never read cost a bounded number of bytes, and are cut at last", async () => {
  const service = await startPullService();
  const { engine } = service;
  const clock = new ManualClock();
  const channel = createSseChannel({
    ...{ engine, clock, logger: silentLogger, random: Math.random, linkBase: "" },
    watchCredential: () => () => {},
  });
  const principal = service.principalOf("acme");
  const server = createServer(async (request, response) => {
    const job = await engine.get(request.url!.slice(1), { principal });
    channel.followJob(response, { job, after: 0, principal });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const job = await service.startJob();
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close().closeAllConnections();
  });
  for (let index = 0; index < READERS; index++) {
    // Without a listener for its data, a socket reads nothing but what the kernel takes.
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    socket.pause();
    socket.write(`GET /${job.id} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    sockets.push(socket);
  }
  await until(() => channel.load.streams === READERS, { what: "all streams are open", limitMs: 20_000 });
  const before = process.memoryUsage().rss;

  // 30 MiB of events: 15 GiB, if each reader had its own.
  for (let round = 0; round < 30; round++) await job.output(16, "z".repeat(64 * 1024 - 100));
  const { mostQueuedBytes } = channel.load;
  const grown = process.memoryUsage().rss - before;

  expect(channel.load.streams).toBe(READERS);
  expect(mostQueuedBytes).toBeGreaterThan(0);
  expect(mostQueuedBytes).toBeLessThan(256 * 1024);
  expect(grown).toBeLessThan(300 * MIB);

  // Nobody takes anything: the heartbeat finds out, and then has nobody left to look after.
  for (let second = 0; second < 60; second++) clock.advance(1_000);
  await until(() => channel.load.streams === 0, { what: "all are cut", limitMs: 20_000 });

  expect(clock.pendingTimers).toBe(0);
}, 60_000);
