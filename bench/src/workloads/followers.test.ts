// Followers against a bare server: frames may come in pieces, and a stream that loses one is no success.
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Followers } from "./followers.js";
import { wallClockMs } from "./pace.js";

const OPENING = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n: \n\n\r\n";

let server: Server;
const sockets: Socket[] = [];
const followers = new Followers();

/** A server that answers each connection with this, and then says what the test says. */
async function serverOpeningWith(opening: string): Promise<number> {
  server = createServer((socket) => {
    sockets.push(socket.setNoDelay(true).on("error", () => {}));
    socket.once("data", () => socket.write(opening));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function say(text: string): void {
  for (const socket of sockets) socket.write(text);
}

const frame = (index: number, sentAt: number) => `data: {"chunk":{"index":${index},"sentAt":${sentAt},"text":"x"}}\n\n`;

afterEach(async () => {
  await followers.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

describe("Followers", () => {
  it("times every event of every follower, though they come in pieces", async () => {
    const port = await serverOpeningWith(OPENING);
    await followers.open({ port, paths: ["/a"], count: 3 });

    const receiving = followers.receive({ count: 2 });
    const text = `event: job.started\ndata: {}\n\n${frame(0, wallClockMs() - 1_000)}${frame(1, wallClockMs() - 1_000)}`;
    say(text.slice(0, 60));
    say(text.slice(60));
    const outcome = await receiving;

    expect(outcome.p50Ms).toBeGreaterThanOrEqual(1_000);
    expect(outcome.p50Ms).toBeLessThan(11_000);
    expect(outcome.frameBytes).toBeCloseTo(frame(0, wallClockMs()).length, -1);
  });

  it("fails where a follower missed an event", async () => {
    const port = await serverOpeningWith(OPENING);
    await followers.open({ port, paths: ["/a"], count: 2 });

    const receiving = followers.receive({ count: 2 });
    say(frame(0, 1) + frame(2, 1));

    await expect(receiving).rejects.toThrow("A follower got event 2 where 1 was next.");
  });

  it("fails where the answer is no stream", async () => {
    const port = await serverOpeningWith("HTTP/1.1 429 Too Many Requests\r\n\r\n{}\n\n");

    await expect(followers.open({ port, paths: ["/a"], count: 1 })).rejects.toThrow("No stream, but:\nHTTP/1.1 429");
  });
});
