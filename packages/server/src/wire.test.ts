// What only real connections show: bytes that are no request, bodies that do not come, callers who leave, draining.
import { until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { get, post, runningJob } from "./testing/requests.js";
import { type Speaker, speak } from "./testing/socket.js";
import { startTestServer, type TestServerOptions } from "./testing/test-server.js";

const SUBMIT = "POST /api/v2/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

async function connected(options: TestServerOptions = {}) {
  const server = await startTestServer({ worker: false, ...options });
  const url = await server.listen({ port: 0 });
  return { server, url, socket: await speak(url) };
}

function problemIn(text: string): { status: number; code: string; detail: string } {
  const [head = "", body = ""] = text.split("\r\n\r\n");
  expect(head.toLowerCase()).toContain("content-type: application/problem+json");
  expect(head.toLowerCase()).toMatch(/x-request-id: [0-9a-f-]{36}/);
  return JSON.parse(body);
}

describe("bytes that are no good request", () => {
  it.each([
    ["nonsense", "NONSENSE\r\n\r\n", 400],
    ["a bad header", "GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n", 400],
    ["two lengths", `${SUBMIT}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400],
    ["length and chunks", `${SUBMIT}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ["a bad chunk", `${SUBMIT}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`, 400],
    ["too many headers", `GET /api/v2/jobs HTTP/1.1\r\nHost: localhost\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    ["too long a path", `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
  ])("%s get a problem and a closed connection", async (_what, bytes, status) => {
    const { socket, server } = await connected();

    socket.send(bytes);

    const problem = problemIn(await socket.closed());
    expect(problem).toMatchObject({ status, code: "invalid_request" });
    expect(server.complaints).toEqual([]);
  });

  it("a missing Host gets a problem", async () => {
    const { socket } = await connected();

    socket.send("GET /api/v2/jobs HTTP/1.1\r\nConnection: close\r\n\r\n");

    expect(problemIn(await socket.closed()).detail).toMatch(/Host/);
  });

  it("an expectation nobody knows gets a problem", async () => {
    const { socket } = await connected();

    socket.send(`${SUBMIT}Expect: miracles\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`);

    expect(problemIn(await socket.closed()).status).toBe(417);
  });

  it.each(["PROPFIND", "TRACE", "PUT", "PATCH", "OPTIONS"])("%s gets 405 and what is allowed", async (method) => {
    const { socket } = await connected();

    socket.send(`${method} /api/v2/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);

    const text = await socket.closed();
    expect(problemIn(text)).toMatchObject({ status: 405, code: "method_not_allowed" });
    expect(text.toLowerCase()).toContain("allow: get, head, post\r\n");
  });
});

describe("bodies", () => {
  it("that are too large are refused while they are sent, and the connection goes on", async () => {
    const { socket } = await connected();
    const body = `{"type":"${"x".repeat(3_000_000)}"}`;

    socket.send(`${SUBMIT}Content-Length: ${body.length}\r\n\r\n`);
    await socket.hears(/larger than the \d+ bytes.*payload_too_large/);
    socket.send(body);
    socket.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");

    await socket.hears(/"status":"ok"/);
  });

  it("that are too large are refused without a length too", async () => {
    const { socket } = await connected();
    const chunk = "x".repeat(100_000);
    socket.send(`${SUBMIT}Transfer-Encoding: chunked\r\n\r\n`);

    for (let sent = 0; sent < 2_500_000; sent += chunk.length) socket.send(`186a0\r\n${chunk}\r\n`);

    await socket.hears(/payload_too_large/);
  });

  it("that do not arrive are given up", async () => {
    const { socket } = await connected({ requestTimeoutMs: 50 });

    socket.send(`${SUBMIT}Content-Length: 100\r\n\r\n{"type"`);

    await socket.hears(/HTTP\/1\.1 408/);
    expect(problemIn(socket.heard())).toMatchObject({ status: 408, code: "invalid_request" });
  });

  it("that break off trouble nobody", async () => {
    const { socket, server } = await connected();
    socket.send(`${SUBMIT}Content-Length: 100\r\n\r\n{"type"`);

    socket.leave();

    expect((await get(server, "/api/v2/jobs")).json().items).toEqual([]);
    expect(server.complaints).toEqual([]);
  });

  it("in a content coding are refused", async () => {
    const { socket } = await connected();

    socket.send(`${SUBMIT}Content-Encoding: gzip\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`);

    expect(problemIn(await socket.closed())).toMatchObject({ status: 415, code: "unsupported_media_type" });
  });

  it("are asked for where the caller waits to be asked", async () => {
    const { socket } = await connected();
    const body = '{"type":"test.echo"}';
    socket.send(`${SUBMIT}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`);
    await socket.hears(/HTTP\/1\.1 100 Continue/);

    socket.send(body);

    await socket.hears(/HTTP\/1\.1 202/);
  });
});

describe("callers who leave", () => {
  it("free their place among the waits", async () => {
    const { server, url, socket } = await connected({ worker: {}, waitsPerOwner: 1 });
    const { id } = await runningJob(server, { gate: "g" });
    const poll = `GET /api/v2/jobs/${id}/longpoll HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const isFull = async () => (await get(server, `/api/v2/jobs/${id}/longpoll?timeout=0`)).statusCode === 429;
    socket.send(poll);
    await until(isFull, { what: "the place is taken" });

    socket.leave();

    await until(async () => !(await isFull()), { what: "the place is free" });
    expect(await speak(url)).toBeDefined();
  });
});

describe("leaving", () => {
  it("keeps idle connections, and closes each after its next answer", async () => {
    const { server, socket } = await connected();
    const ask = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.send(ask);
    await socket.hears(/"ok"/);

    server.leave();
    socket.send(ask);

    const heard = await socket.closed();
    expect(heard.match(/"ok"/g)).toHaveLength(2);
    expect(heard).toMatch(/^connection: close\r$/im);
  });

  it("answers those who wait when their job moves, and closes their connections", async () => {
    const { server, socket } = await connected({ worker: {} });
    const { id } = await runningJob(server, { gate: "g" });
    socket.send(`GET /api/v2/jobs/${id}/longpoll HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await until(() => connectionCount(server), { what: "the connection is there" });
    await get(server, "/healthz");

    server.leave();
    await post(server, `/api/v2/jobs/${id}/cancel`, {});

    const [head, body = ""] = (await socket.closed()).split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1\.1 200/);
    expect(JSON.parse(body).status).toBe("CANCELLED");
  });
});

describe("draining", () => {
  const heardAnswer = async (socket: Speaker) => (await socket.closed()).split("\r\n\r\n");

  it("answers those who wait and closes their connections", async () => {
    const { server, socket } = await connected({ worker: {} });
    const { id } = await runningJob(server, { gate: "g" });
    socket.send(`GET /api/v2/jobs/${id}/longpoll HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await until(() => connectionCount(server), { what: "the connection is there" });
    await get(server, "/healthz");

    server.drain();

    const [head, body = ""] = await heardAnswer(socket);
    expect(head).toMatch(/^HTTP\/1\.1 200/);
    expect(JSON.parse(body).status).toBe("PROCESSING");
  });

  it("closes connections that are idle", async () => {
    const { server, socket } = await connected();
    socket.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await socket.hears(/"ok"/);

    server.drain();

    await socket.closed();
  });

  it("ends in a closed server, also when nobody has drained it before", async () => {
    const { server, url } = await connected();

    await server.close();

    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });
});

function connectionCount({ app }: { app: { server: import("node:http").Server } }): Promise<number> {
  return new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
