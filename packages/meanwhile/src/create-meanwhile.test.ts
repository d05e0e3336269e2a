// meanwhile as a library: submit, wait, fail, stop.
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryStore, defineJob, NonRetryableError, systemClock } from "@meanwhile/core";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { createMeanwhile, type Meanwhile, type MeanwhileOptions } from "./create-meanwhile.js";
import { JobFailedError } from "./job-handle.js";

const greet = defineJob({
  type: "greet",
  parameters: z.object({ name: z.string() }),
  result: z.object({ text: z.string() }),
  async run({ parameters, progress }) {
    await progress(0.5, "Thinking");
    return { text: `Hello, ${parameters.name}!` };
  },
});

const refuse = defineJob({
  type: "refuse",
  run() {
    throw new NonRetryableError("no_way", "It is not possible.", { details: { tried: 1 } });
  },
});

const wait = defineJob({
  type: "wait",
  run: ({ signal }) => new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
});

let folder: string;
let open: Meanwhile[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meanwhile-library-"));
  open = [];
});

afterEach(async () => {
  for (const each of open) await each.stop({ graceMs: 0 });
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Partial<MeanwhileOptions> = {}): Promise<Meanwhile> {
  const meanwhile = await createMeanwhile({
    jobs: [greet, refuse, wait],
    store: "memory:",
    files: join(folder, "files"),
    ...options,
  });
  open.push(meanwhile);
  await meanwhile.start();
  return meanwhile;
}

describe("submit", () => {
  it("gives the typed result of the definition", async () => {
    const meanwhile = await start();

    const job = await meanwhile.submit(greet, { name: "Ada" });
    const result = await job.result();

    expectTypeOf(result).toEqualTypeOf<{ text: string }>();
    expect(result).toEqual({ text: "Hello, Ada!" });
    expect(await job.get()).toMatchObject({ owner: "local", status: "COMPLETED" });
  });

  it("checks parameters, and takes types by name", async () => {
    const meanwhile = await start();

    const job = await meanwhile.submit("greet", { name: "Bob" }, { owner: "acme", tags: ["a"] });

    expect(await job.result()).toEqual({ text: "Hello, Bob!" });
    expect(await job.get()).toMatchObject({ owner: "acme", tags: ["a"] });
    await expect(meanwhile.submit(greet, { name: 5 as never })).rejects.toMatchObject({ code: "invalid_parameters" });
    await expect(meanwhile.submit("none", {})).rejects.toMatchObject({ code: "unknown_job_type" });
  });

  it("with the same idempotency key gives the same job", async () => {
    const meanwhile = await start();

    const first = await meanwhile.submit(greet, { name: "Ada" }, { idempotencyKey: "k" });
    const second = await meanwhile.submit(greet, { name: "Ada" }, { idempotencyKey: "k" });

    expect(second.id).toBe(first.id);
  });
});

describe("a job's handle", () => {
  it("throws the job's own error", async () => {
    const job = await (await start()).submit(refuse, {});

    const failure = await job.result().catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(JobFailedError);
    expect(failure).toMatchObject({
      code: "no_way",
      message: "It is not possible.",
      details: { tried: 1 },
      status: "FAILED",
    });
  });

  it("follows the events to the end", async () => {
    const meanwhile = await start();
    const { id } = await meanwhile.submit(greet, { name: "Ada" });

    const types: string[] = [];
    for await (const event of meanwhile.job(id).events()) types.push(event.type);

    expect(types).toEqual(["job.submitted", "job.started", "job.progress", "job.completed"]);
  });

  it("gives up waiting when its time is up, and when its signal says so", async () => {
    const job = await (await start()).submit(wait, {});
    const abort = new AbortController();
    const waiting = job.result({ signal: abort.signal });

    abort.abort(new Error("enough"));

    await expect(waiting).rejects.toThrow("enough");
    await expect(job.result({ timeoutMs: 1 })).rejects.toMatchObject({ code: "job_not_finished" });
  });

  it("cancels", async () => {
    const job = await (await start()).submit(wait, {});

    await job.cancel();

    await expect(job.result()).rejects.toMatchObject({ status: "CANCELLED", code: "cancelled" });
  });

  it("is blind for other owners' jobs", async () => {
    const meanwhile = await start();
    const { id } = await meanwhile.submit(greet, { name: "Ada" }, { owner: "acme" });

    await expect(meanwhile.job(id).get()).rejects.toMatchObject({ code: "job_not_found" });
    await expect(meanwhile.job(id, { owner: "acme" }).result()).resolves.toEqual({ text: "Hello, Ada!" });
  });
});

describe("the parts", () => {
  it("keep jobs in a file, for the next process", async () => {
    const store = `sqlite:${join(folder, "jobs.db")}`;
    const first = await start({ store, worker: false });
    const { id } = await first.submit(greet, { name: "Ada" });
    await first.stop();

    const second = await start({ store });

    expect(await second.job(id).result()).toEqual({ text: "Hello, Ada!" });
  });

  it("serve the API", async () => {
    const meanwhile = await start();
    const url = await meanwhile.server().listen({ port: 0 });

    const answer = await fetch(`${url}/api/v2/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json", prefer: "wait=10" },
      body: JSON.stringify({ type: "greet", parameters: { name: "Ada" } }),
    });

    expect(await answer.json()).toMatchObject({ status: "COMPLETED", result: { text: "Hello, Ada!" } });
  });

  it("serve the API inside a server that exists already", async () => {
    const meanwhile = await start();
    const handler = meanwhile.handler();
    const host = createServer((request, response) =>
      request.url?.startsWith("/api/v2/") ? handler(request, response) : response.end("own page"),
    );
    host.listen(0, "127.0.0.1");
    await once(host, "listening");
    const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;

    const page = await fetch(`${url}/about`);
    const job = await fetch(`${url}/api/v2/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json", prefer: "wait=10" },
      body: JSON.stringify({ type: "greet", parameters: { name: "Ada" } }),
    });

    expect(await page.text()).toBe("own page");
    expect(await job.json()).toMatchObject({ status: "COMPLETED", result: { text: "Hello, Ada!" } });
    host.close();
    host.closeAllConnections();
  });

  it("take WebSocket handshakes inside a server that exists already, and end them at stop", async () => {
    const meanwhile = await start();
    const handler = meanwhile.handler();
    const host = createServer(handler).on("upgrade", handler.upgrade);
    host.listen(0, "127.0.0.1");
    await once(host, "listening");

    const handshake = request({
      port: (host.address() as AddressInfo).port,
      path: "/websocket",
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      },
    }).end();
    const [answer, socket] = (await once(handshake, "upgrade")) as [IncomingMessage, Socket];
    const closed = once(socket.resume(), "close");

    expect(answer.headers["sec-websocket-accept"]).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    await meanwhile.stop();
    await closed;
    host.close();
  });

  it("close at stop, which may be called twice; a store that was given stays open", async () => {
    const store = createMemoryStore({ clock: systemClock });
    const meanwhile = await start({ store });
    const url = await meanwhile.server().listen({ port: 0 });

    await Promise.all([meanwhile.stop(), meanwhile.stop()]);

    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    await expect(meanwhile.submit(greet, { name: "Ada" })).rejects.toMatchObject({ code: "shutting_down" });
    expect(await store.check()).toMatchObject({ ok: true });
  });

  it("are refused with a wrong option, and leave nothing open", async () => {
    const wrong = [
      createMeanwhile({ jobs: [greet], store: "mongodb://h/d" }),
      createMeanwhile({ jobs: [greet, greet], store: "memory:" }),
      createMeanwhile({ jobs: [greet], store: `sqlite:${join(folder, "a.db")}`, worker: { leaseMs: 1 } }),
    ];

    for (const each of wrong) await expect(each).rejects.toMatchObject({ name: "ConfigurationError" });
  });
});

describe("gRPC", () => {
  it("is served where it is asked for, and ends with the rest", async () => {
    const meanwhile = await start();
    const address = await meanwhile.grpc().listen({ port: 0 });
    const port = Number(address.split(":").at(-1));

    const open = await canConnect(port);
    await meanwhile.stop();

    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect([open, await canConnect(port)]).toEqual([true, false]);
  });

  it("is refused beyond loopback without credentials, and with options that cannot be", async () => {
    const meanwhile = await start({ grpc: { streamsPerOwner: 0 } });
    const open = await start();

    await expect(meanwhile.grpc().listen({ port: 0 })).rejects.toThrow(/streamsPerOwner must be/);
    await expect(open.grpc().listen({ port: 0, host: "0.0.0.0" })).rejects.toThrow(/may not listen on 0\.0\.0\.0/);
    await meanwhile.stop();
  });
});

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
