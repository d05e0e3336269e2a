// WebSocket on the whole server: the handshake, credentials, origins, other upgrades, drain.
import { existsSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { until } from "@meanwhile/store-testkit";
import { chromium } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import { inStatus, jsonOf, post, runningJob, submit } from "./testing/requests.js";
import { speak } from "./testing/socket.js";
import { startTestServer, type TestServerOptions } from "./testing/test-server.js";

const KEYS: TestServerOptions = {
  apiKeys: [
    { owner: "ada", key: "mw_ada" },
    { owner: "bob", key: "mw_bob" },
  ],
};
const ADA = { authorization: "Bearer mw_ada" };
const HANDSHAKE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

async function listen(options: TestServerOptions = {}) {
  const server = await startTestServer(options);
  const url = await server.listen({ port: 0 });
  return { server, url, ws: `${url.replace("http", "ws")}/websocket` };
}

async function connect(url: string, { protocols = [], ...options }: ClientOptions & { protocols?: string[] } = {}) {
  const socket = new WebSocket(url, protocols, options);
  const said: Record<string, unknown>[] = [];
  let closed: { code: number; reason: string } | undefined;
  socket.on("message", (data) => said.push(JSON.parse(String(data))));
  socket.on("close", (code, reason) => {
    closed = { code, reason: reason.toString() };
  });
  socket.on("error", () => {});
  onTestFinished(() => socket.terminate());
  await until(() => socket.readyState === WebSocket.OPEN || closed, { what: "the connection is open" });
  return {
    socket,
    say: (message: object) => socket.send(JSON.stringify(message)),
    hears: (op: string) => until(() => said.find((each) => each.op === op), { what: `the server says ${op}` }),
    closed: () => until(() => closed, { what: "the server closes the connection" }),
  };
}

/** The plain HTTP answer to a handshake that was refused. */
async function offer(url: string, headers: Record<string, string>, path = "/websocket") {
  const speaker = await speak(url);
  const lines = Object.entries({ host: new URL(url).host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  speaker.send(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  const text = await speaker.hears(/\r\n\r\n(\{.*\}$)?/);
  return { status: Number(text.slice(9, 12)), text, speaker };
}

describe("the handshake", () => {
  it("computes the accept key of the standard's own example", async () => {
    const { url } = await listen();

    const { status, text } = await offer(url, HANDSHAKE);

    expect(status).toBe(101);
    expect(text.toLowerCase()).toContain("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=");
    expect(text.toLowerCase()).not.toContain("sec-websocket-protocol");
    expect(text.toLowerCase()).not.toContain("sec-websocket-extensions");
  });

  it.each<[string, Record<string, string>, number]>([
    ["the page of another site", { ...HANDSHAKE, origin: "https://evil.example" }, 403],
    ["a page without an origin", { ...HANDSHAKE, origin: "null" }, 403],
    ["the origin of a longer name", { ...HANDSHAKE, origin: "https://app.example.com.evil.example" }, 403],
    ["a wrong key", { ...HANDSHAKE, authorization: "Bearer mw_eve" }, 401],
    ["a key that is no bearer", { ...HANDSHAKE, authorization: "Basic YTpi" }, 401],
    ["another version", { ...HANDSHAKE, "sec-websocket-version": "8" }, 426],
    ["a handshake without a key", { ...HANDSHAKE, "sec-websocket-key": "" }, 400],
    ["the same protocol twice", { ...HANDSHAKE, "sec-websocket-protocol": "a, a" }, 400],
  ])("refuses %s with a problem", async (_what, headers, expected) => {
    const { url } = await listen({ ...KEYS, allowedOrigins: ["https://app.example.com"] });

    const { status, text } = await offer(url, headers);

    expect(status).toBe(expected);
    expect(text).toContain("application/problem+json");
    if (expected === 426) expect(text).toContain("sec-websocket-version: 13");
  });

  it.each(["https://app.example.com", "own"])("takes the page of %s", async (origin) => {
    const { url } = await listen({ ...KEYS, allowedOrigins: ["https://app.example.com"] });

    const { status } = await offer(url, { ...HANDSHAKE, ...ADA, origin: origin === "own" ? url : origin });

    expect(status).toBe(101);
  });

  it("on a server without credentials takes no other host", async () => {
    const { url } = await listen();

    const { status } = await offer(url, { ...HANDSHAKE, host: "rebound.example" });

    expect(status).toBe(403);
  });

  it("takes a key that does not come by header with the first message", async () => {
    const { ws } = await listen(KEYS);
    const peer = await connect(ws);

    peer.say({ op: "auth", token: "mw_ada" });
    peer.say({ op: "submit", type: "test.echo", parameters: { a: 1 }, follow: true });

    await peer.hears("ready");
    await peer.hears("end");
  });

  it("without upgrade is told what to send", async () => {
    const { url } = await listen();

    const answer = await fetch(`${url}/websocket?ticket=x`);

    expect(answer.status).toBe(426);
    expect(await jsonOf(answer)).toMatchObject({ code: "invalid_request", status: 426 });
  });
});

describe("credentials", () => {
  it("keep owners apart", async () => {
    const { server, ws } = await listen(KEYS);
    const { id } = await submit(server, { type: "test.gated", parameters: { gate: "g" } }, ADA);
    const bob = await connect(ws, { headers: { authorization: "Bearer mw_bob" } });

    bob.say({ op: "follow", jobId: id });

    expect(await bob.hears("error")).toMatchObject({ problem: { code: "job_not_found" } });
  });

  it("may be the ticket of one job, which opens no other", async () => {
    const { server, ws } = await listen(KEYS);
    const mine = await submit(server, { type: "test.gated", parameters: { gate: "g" } }, ADA);
    const other = await submit(server, { type: "test.gated", parameters: { gate: "g" } }, ADA);
    const { ticket } = (await post(server, `/api/v2/jobs/${mine.id}/ticket`, {}, ADA)).json();
    const peer = await connect(`${ws}?ticket=${ticket}`);

    peer.say({ op: "follow", jobId: other.id });
    expect(await peer.hears("error")).toMatchObject({ problem: { code: "job_not_found" } });
    peer.say({ op: "follow", jobId: mine.id });
    server.jobs.open("g");

    expect(await peer.hears("end")).toMatchObject({ jobId: mine.id });
  });

  it("that are no ticket of ours are refused before anything opens", async () => {
    const { url } = await listen(KEYS);

    expect((await offer(url, HANDSHAKE, "/websocket?ticket=mwt_x.y")).status).toBe(401);
  });
});

describe("other wishes to upgrade", () => {
  it("are passed over, as clients that would rather speak HTTP/2 expect", async () => {
    const { server, url } = await listen();
    const body = JSON.stringify({ type: "test.echo", parameters: { a: 1 } });
    const speaker = await speak(url);

    speaker.send(
      `POST /api/v2/jobs HTTP/1.1\r\nHost: ${new URL(url).host}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const first = await speaker.hears(/202 Accepted[\s\S]*"lastSeq":1[\s\S]*\}/);
    speaker.send(`GET /healthz HTTP/1.1\r\nHost: ${new URL(url).host}\r\n\r\n`);

    // The connection goes on, as one of HTTP/1.1.
    await speaker.hears(/HTTP\/1.1 200 OK[\s\S]*\{"status":"ok"\}/);
    const [, id = ""] = /"id":"([^"]+)"/.exec(first) ?? [];
    await inStatus(server, id, "COMPLETED");
  });

  it("again and again on one connection leave nothing behind on it", async () => {
    const { server, url } = await listen();
    const sockets = new Set<Socket>();
    server.app.server.on("connection", (socket) => sockets.add(socket));
    const speaker = await speak(url);

    for (let count = 1; count <= 20; count++) {
      speaker.send(
        `GET /healthz HTTP/1.1\r\nHost: ${new URL(url).host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
      );
      await speaker.hears(new RegExp(`(\\{"status":"ok"\\}[\\s\\S]*){${count}}`));
    }

    const [socket] = sockets;
    expect(sockets.size).toBe(1);
    expect(socket?.listenerCount("close")).toBeLessThan(10);
  });

  it("with a body that comes late lose none of it", async () => {
    const { url } = await listen();
    const body = JSON.stringify({ type: "test.echo", parameters: { a: "x".repeat(200_000) } });
    const speaker = await speak(url);
    speaker.send(
      `POST /api/v2/jobs HTTP/1.1\r\nHost: ${new URL(url).host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    );

    for (let at = 10; at < body.length; at += 40_000) speaker.send(body.slice(at, at + 40_000));

    await speaker.hears(/202 Accepted/);
  });

  it("to WebSocket at another path are answered as that path answers", async () => {
    const { url } = await listen();

    const nothing = await offer(url, HANDSHAKE, "/nothing");
    const health = await offer(url, HANDSHAKE, "/healthz");

    expect(nothing.status).toBe(404);
    expect(nothing.text).toContain("application/problem+json");
    expect(health.status).toBe(200);
  });
});

describe("a server that goes away", () => {
  it("closes connections with 1001 and refuses those that come", async () => {
    const { server, ws, url } = await listen();
    const { id } = await runningJob(server, { gate: "g" });
    const peer = await connect(ws);
    peer.say({ op: "follow", jobId: id });
    await peer.hears("following");

    server.drain();

    expect((await peer.closed()).code).toBe(1001);
    expect((await offer(url, HANDSHAKE)).status).toBe(503);
    await server.close();
  });

  it("does not wait for a client that never answers the close", async () => {
    const { server, url } = await listen();
    const { status } = await offer(url, HANDSHAKE);
    expect(status).toBe(101);

    await server.close();

    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });
});

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

describe("a page in a browser", () => {
  it("follows a job by ticket with its own WebSocket, from an origin that is listed and no other", async (context) => {
    if (!existsSync(CHROMIUM)) context.skip(`there is no browser at ${CHROMIUM}`);
    const [listed, unlisted] = [await servePage(), await servePage()];
    const { server, ws } = await listen({ ...KEYS, allowedOrigins: [listed] });
    const { id } = await submit(server, { type: "test.gated", parameters: { gate: "g", progress: 0.5 } }, ADA);
    const { ticket } = (await post(server, `/api/v2/jobs/${id}/ticket`, {}, ADA)).json();
    const open = `window.said = []; window.socket = new WebSocket(${JSON.stringify(`${ws}?ticket=${ticket}`)});
      socket.onopen = () => socket.send(JSON.stringify({ op: "follow", jobId: ${JSON.stringify(id)} }));
      socket.onclose = ({ code }) => said.push({ op: "closed", code });
      socket.onmessage = ({ data }) => said.push(JSON.parse(data));`;
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    try {
      const [page, stranger] = [await browser.newPage(), await browser.newPage()];
      await page.goto(listed);
      await stranger.goto(unlisted);

      await page.evaluate(open);
      await stranger.evaluate(open);

      await stranger.waitForFunction(`said.some(({ op }) => op === "closed")`);
      expect(await stranger.evaluate("said")).toEqual([{ op: "closed", code: 1006 }]);
      await page.waitForFunction(`said.some(({ event }) => event?.type === "job.progress")`);
      server.jobs.open("g");
      await page.waitForFunction(`said.some(({ op }) => op === "end")`);
      const types = await page.evaluate(`said.filter(({ op }) => op === "event").map(({ event }) => event.type)`);
      expect(types).toEqual(["job.submitted", "job.started", "job.progress", "job.completed"]);
    } finally {
      await browser.close();
    }
  });
});

/** An empty page at an origin of its own. */
async function servePage(): Promise<string> {
  const server = createHttpServer((_request, response) => {
    response.setHeader("content-type", "text/html").end("<!doctype html><title>A page</title>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
