// Readers that nobody here wrote, on connections that break: the npm package eventsource, and a browser's own EventSource.
import { existsSync } from "node:fs";
import { createServer as createPage } from "node:http";
import { type AddressInfo, connect, createServer as createProxy, type Socket } from "node:net";
import { createMemoryStore, systemClock } from "@meanwhile/core";
import { ManualClock, until } from "@meanwhile/store-testkit";
import { EventSource } from "eventsource";
import { chromium } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { hashApiKey } from "../auth/api-key.js";
import { parseApiKeys } from "../auth/fixed-keys.js";
import { createServer } from "../create-server.js";
import { get, post, runningJob, submit } from "../testing/requests.js";
import { speak } from "../testing/socket.js";
import { startTestServer } from "../testing/test-server.js";

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const KEY = { authorization: "Bearer mw_secret" };
const TYPES = ["job.submitted", "job.started", "job.progress", "job.completed"];

/** A way to the server that can be cut, and be led to another one. */
async function startCable(url: string) {
  let target = new URL(url);
  const sockets = new Set<Socket>();
  const proxy = createProxy((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    proxy.close();
  });
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    cut,
    leadTo: (next: string) => {
      target = new URL(next);
    },
  };
}

function openSource(address: string, headers: Record<string, string> = {}) {
  const asked: (string | undefined)[] = [];
  const source = new EventSource(address, {
    fetch: (input, init) => {
      const sent: Record<string, string> = { ...init?.headers, ...headers };
      asked.push(sent["Last-Event-ID"]);
      return fetch(input, { ...init, headers: sent });
    },
  });
  onTestFinished(() => source.close());
  const seen: string[] = [];
  const failures: (number | undefined)[] = [];
  for (const type of TYPES) source.addEventListener(type, ({ lastEventId }) => seen.push(`${lastEventId} ${type}`));
  source.addEventListener("error", ({ code }) => failures.push(code));
  const opened = { times: 0 };
  source.addEventListener("open", () => opened.times++);
  return { source, seen, asked, failures, opened };
}

describe("the npm package eventsource", () => {
  it("resumes over a cut connection and over the restart of the server, and stops at the end", async () => {
    const server = await startTestServer();
    const cable = await startCable(await server.listen({ port: 0 }));
    const { id } = await runningJob(server, { gate: "g" });
    const { source, seen, asked, failures, opened } = openSource(`${cable.url}/api/v2/jobs/${id}/events`);
    await until(() => seen.length === 2, { what: "it has caught up" });

    cable.cut();
    await until(() => opened.times === 2, { what: "it has come back" });
    const successor = createServer(server.parts);
    onTestFinished(() => successor.close());
    cable.leadTo(await successor.listen({ port: 0 }));
    await server.close();
    await until(() => opened.times === 3, { what: "it has come back to the successor", limitMs: 10_000 });
    server.jobs.open("g");
    await until(() => source.readyState === EventSource.CLOSED, { what: "it has stopped", limitMs: 10_000 });

    expect(seen).toEqual(["1 job.submitted", "2 job.started", "3 job.completed"]);
    expect(asked).toEqual([undefined, "2", "2", "3"]);
    expect(failures.at(-1)).toBe(204);
  });

  it("reads with a ticket where it sends no header, and only what the ticket is for", async () => {
    const server = await startTestServer({ apiKeys: parseApiKeys("acme:mw_secret") });
    const url = await server.listen({ port: 0 });
    const job = await submit(server, { type: "test.echo" }, { ...KEY, prefer: "wait=30" });
    const other = await submit(server, { type: "test.echo" }, KEY);
    const issued = await post(server, `/api/v2/jobs/${job.id}/ticket`, undefined, KEY);
    const { ticket, expiresAt } = issued.json();
    const status = async (path: string) => (await get(server, `${path}?ticket=${ticket}`)).statusCode;

    const { seen } = openSource(`${url}/api/v2/jobs/${job.id}/events?ticket=${ticket}`);
    await until(() => seen.length === 3, { what: "all has come" });

    expect(issued.headers["cache-control"]).toBe("no-store");
    expect(Math.round((Date.parse(expiresAt) - Date.now()) / 60_000)).toBe(15);
    for (const part of ["", "/events", "/progress", "/result", "/logs", "/longpoll"]) {
      expect(await status(`/api/v2/jobs/${job.id}${part}`), part).toBe(200);
    }
    expect(await status(`/api/v2/jobs/${other.id}`)).toBe(403);
    expect(await status("/api/v2/jobs")).toBe(401);
    expect(await status("/api/v2/events")).toBe(403);
    expect((await post(server, `/api/v2/jobs/${job.id}/purge?ticket=${ticket}`)).statusCode).toBe(401);
    expect((await get(server, `/api/v2/jobs/${job.id}?ticket=mwt_x`)).statusCode).toBe(401);
  });
});

describe("POST …/ticket", () => {
  it.each([
    [-1, "got -1."],
    [null, "got null."],
    ["1h", "got a value of type string."],
  ])("says what came where the time is %j", async (ttlMs, said) => {
    const server = await startTestServer();

    const { errors } = (await post(server, "/api/v2/events/ticket", { ttlMs })).json();

    const wanted = "Expected a whole number of milliseconds from 1000 to 86400000 (24 hours)";
    expect(errors).toEqual([{ pointer: "#/ttlMs", detail: `${wanted}, ${said}` }]);
  });

  it.each([
    [{ ttlMs: 999 }, "#/ttlMs"],
    [{ ttlMs: 86_400_001 }, "#/ttlMs"],
    [{ ttlMs: "60000" }, "#/ttlMs"],
    [{ ttl: 1 }, "#/ttl"],
    ["[]", "#"],
  ])("refuses %j", async (body, pointer) => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, "/api/v2/events/ticket", body);

    expect(answer.json()).toMatchObject({ status: 422, code: "invalid_parameters", errors: [{ pointer }] });
  });

  it("gives one that holds as long as it was asked to", async () => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, "/api/v2/events/ticket", { ttlMs: 86_400_000 });

    expect(Math.round((Date.parse(answer.json().expiresAt) - Date.now()) / 3_600_000)).toBe(24);
  });

  it("gives none for what the caller may not see", async () => {
    const server = await startTestServer({ apiKeys: parseApiKeys("acme:mw_secret,shop:mw_other:jobs:submit") });
    const { id } = await submit(server, { type: "test.echo" }, KEY);
    const other = { authorization: "Bearer mw_other" };

    expect((await post(server, `/api/v2/jobs/${id}/ticket`, undefined, other)).statusCode).toBe(403);
    expect((await post(server, `/api/v2/jobs/0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d/ticket`, {}, KEY)).statusCode).toBe(
      404,
    );
  });
});

describe("an open stream", () => {
  it("ends within a minute of its key being revoked, and cannot be opened again", async () => {
    const clock = new ManualClock(Date.now());
    const store = createMemoryStore({ clock: systemClock });
    const key = { id: "k", name: "k", owner: "acme", hash: hashApiKey("mw_secret"), scopes: [], createdAt: 0 };
    await store.apiKeys.insert({ ...key, expiresAt: null, revokedAt: null });
    const { parts } = await startTestServer({ store });
    const server = createServer({ ...parts, clock });
    onTestFinished(() => server.close());
    const url = await server.listen({ port: 0 });
    const issued = await server.app.inject({ method: "POST", url: "/api/v2/events/ticket", headers: KEY });
    const { ticket } = issued.json();
    const [byHeader, byTicket] = [await speak(url), await speak(url)];
    const ask = (query: string, headers = "") =>
      `GET /api/v2/events${query} HTTP/1.1\r\nhost: localhost\r\n${headers}accept: text/event-stream\r\n\r\n`;
    byHeader.send(ask("", "authorization: Bearer mw_secret\r\n"));
    byTicket.send(ask(`?ticket=${ticket}`));
    await Promise.all([byHeader.hears(/retry: 2000/), byTicket.hears(/retry: 2000/)]);

    await store.apiKeys.revoke("k", { at: clock.now() });
    clock.advance(60_000);
    const heard = [await byHeader.closed(), await byTicket.closed()];

    expect(heard).toEqual([expect.stringMatching(/ended[\s\S]*0\r\n\r\n$/), expect.stringMatching(/0\r\n\r\n$/)]);
    for (const address of ["/api/v2/events", `/api/v2/events?ticket=${ticket}`]) {
      const headers = { accept: "text/event-stream", ...(address.includes("?") ? {} : KEY) };
      expect((await server.app.inject({ url: address, headers })).statusCode).toBe(401);
    }
  });

  it("shows a sign of life every fifteen seconds", async () => {
    const clock = new ManualClock(Date.now());
    const { parts, ...server } = await startTestServer();
    const { id } = await runningJob({ parts, ...server }, { gate: "g" });
    const aged = createServer({ ...parts, clock });
    onTestFinished(() => aged.close());
    const reader = await speak(await aged.listen({ port: 0 }));
    reader.send(`GET /api/v2/jobs/${id}/events HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n`);
    await reader.hears(/job\.started/);

    clock.advance(15_000);
    await reader.hears(/: still here\n\n/);
    clock.advance(15_000);

    await reader.hears(/still here[\s\S]*still here/);
  });
});

describe("a browser's EventSource", () => {
  it("follows a job with a ticket from another origin, and stops at the end", async (context) => {
    if (!existsSync(CHROMIUM)) context.skip(`there is no browser at ${CHROMIUM}`);
    const page = createPage((_request, response) =>
      response.setHeader("content-type", "text/html").end("<title>a</title>"),
    );
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void page.close().closeAllConnections());
    const origin = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    const server = await startTestServer({ apiKeys: parseApiKeys("acme:mw_secret"), allowedOrigins: [origin] });
    const cable = await startCable(await server.listen({ port: 0 }));
    const { id } = await submit(server, { type: "test.gated", parameters: { gate: "g", progress: 0.5 } }, KEY);
    const { ticket } = (await post(server, `/api/v2/jobs/${id}/ticket`, {}, KEY)).json();
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    onTestFinished(() => browser.close());
    const tab = await browser.newPage();
    await tab.goto(origin);

    // As text: it runs in the page, where nothing of this file is known.
    const address = `${cable.url}/api/v2/jobs/${id}/events?ticket=${ticket}`;
    await tab.evaluate(`
      globalThis.seen = [];
      globalThis.source = new EventSource(${JSON.stringify(address)});
      for (const type of ${JSON.stringify(TYPES)}) {
        source.addEventListener(type, ({ lastEventId }) => seen.push(lastEventId + " " + type));
      }`);
    const seen = () => tab.evaluate<string[]>("seen");
    await until(async () => (await seen()).length === 3, { what: "the browser has caught up" });
    cable.cut();
    server.jobs.open("g");
    await until(async () => (await tab.evaluate("source.readyState")) === 2, {
      what: "it has stopped",
      limitMs: 15_000,
    });

    expect(await seen()).toEqual(["1 job.submitted", "2 job.started", "3 job.progress", "4 job.completed"]);
  });
});
