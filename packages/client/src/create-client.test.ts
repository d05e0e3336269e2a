import { EventSource } from "eventsource";
import { describe, expect, it } from "vitest";
import WebSocket from "ws";
import {
  type ClientOptions,
  ConnectionError,
  createClient,
  JobCancelledError,
  JobFailedError,
  JobPurgedError,
  type Notice,
  ProblemError,
  TimeoutError,
} from "./index.js";
import { type RealServer, startRealServer } from "./testing/real-server.js";
import type { TestDefinitions } from "./testing/test-jobs.js";

const clientOf = ({ url }: RealServer, options: ClientOptions = {}) =>
  createClient<TestDefinitions>({
    baseUrl: url,
    retry: { initialDelayMs: 1, maxDelayMs: 20 },
    webSocket: WebSocket,
    ...options,
  });

const arrayOf = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

describe("submit and result", () => {
  it("gives the typed result of a job", async () => {
    const client = clientOf(await startRealServer());

    const job = await client.submit("test.count", { upTo: 3 });

    expect(await job.result()).toEqual({ counted: 3 });
    expect(job.last).toMatchObject({ id: job.id, status: "COMPLETED" });
  });

  it("waits with the submit where that is asked for, and then asks nobody again", async () => {
    const requests: string[] = [];
    const client = clientOf(await startRealServer(), {
      fetch: (url, init) => {
        requests.push(`${init.method} ${new URL(url).pathname}`);
        return fetch(url, init);
      },
    });

    const job = await client.submit("test.echo", { a: 1 }, { waitMs: 5_000 });

    expect(await job.result()).toEqual({ a: 1 });
    expect(requests).toEqual(["POST /api/v2/jobs"]);
  });

  it("a failed job throws its own code, message and details", async () => {
    const client = clientOf(await startRealServer());

    const failed = (await client.submit("test.fail", { code: "no_way", message: "It is not possible." })).result();

    await expect(failed).rejects.toThrow(JobFailedError);
    await expect(failed).rejects.toMatchObject({
      code: "no_way",
      message: "It is not possible.",
      details: { step: 3 },
      status: "FAILED",
    });
  });

  it("a cancelled job throws JobCancelledError, to whoever waits", async () => {
    const client = clientOf(await startRealServer());
    const job = await client.submit("test.count", { upTo: 1, gates: ["never"] });
    const result = job.result();

    await job.cancel();

    await expect(result).rejects.toThrow(JobCancelledError);
  });

  it("gives up after its time, and the job goes on", async () => {
    const server = await startRealServer();
    const job = await clientOf(server).submit("test.count", { upTo: 1, gates: ["gate"] });

    const late = job.result({ timeoutMs: 50 });

    await expect(late).rejects.toThrow(TimeoutError);
    await expect(late).rejects.toThrow(/has not finished within 50 ms; it was (PENDING|PROCESSING) when last heard of/);
    server.open("gate");
    expect(await job.result()).toEqual({ counted: 1 });
  });

  it("ends with its signal's reason", async () => {
    const job = await clientOf(await startRealServer()).submit("test.count", { upTo: 1, gates: ["never"] });
    const controller = new AbortController();
    const result = job.result({ signal: controller.signal });
    const events = arrayOf(job.events({ signal: controller.signal }));

    controller.abort(new Error("enough"));

    await expect(result).rejects.toThrow("enough");
    await expect(events).rejects.toThrow("enough");
  });

  it("another process goes on with the id alone", async () => {
    const server = await startRealServer();
    const { id } = await clientOf(server).submit("test.count", { upTo: 2 });

    const elsewhere = clientOf(server).job<"test.count">(id);

    expect((await elsewhere.result()).counted).toBe(2);
    expect((await elsewhere.result()).counted).toBe(2);
  });

  it("a result too large to be pushed is fetched, in the result and in its event", async () => {
    const client = clientOf(await startRealServer());
    const job = await client.submit("test.large", { bytes: 300_000 });

    const result = (await job.result()) as { text: string };
    const last = (await arrayOf(client.job(job.id).events())).at(-1);

    expect(result.text).toHaveLength(300_000);
    expect(last).toMatchObject({ type: "job.completed", data: { result } });
  });

  it("the same key is the same job; a key with another request is refused", async () => {
    const client = clientOf(await startRealServer());

    const first = await client.submit("test.echo", { a: 1 }, { idempotencyKey: "k" });
    const again = await client.submit("test.echo", { a: 1 }, { idempotencyKey: "k" });
    const other = client.submit("test.echo", { a: 2 }, { idempotencyKey: "k" });

    expect(again.id).toBe(first.id);
    await expect(other).rejects.toMatchObject({ code: "idempotency_key_reused", status: 422 });
  });

  it("what is wrong with the parameters is said with its pointer", async () => {
    const client = clientOf(await startRealServer());

    const refused = client.submit("test.count", { upTo: -1 });

    await expect(refused).rejects.toThrow(ProblemError);
    await expect(refused).rejects.toMatchObject({
      code: "invalid_parameters",
      errors: [{ pointer: "#/parameters/upTo" }],
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it("sends everything else that a submit may say", async () => {
    const client = clientOf(await startRealServer());
    const runAt = new Date(Date.now() + 60_000);

    const { last } = await client.submit(
      "test.echo",
      {},
      { runAt, priority: -3, tags: ["a"], callbackId: "order-7", concurrencyKey: "x", timeoutMs: 1_000 },
    );

    expect(last).toMatchObject({ runAt: runAt.toISOString(), priority: -3, tags: ["a"], callbackId: "order-7" });
  });
});

describe("the life of a job", () => {
  it("a batch is stored whole, and its results are typed one by one", async () => {
    const client = clientOf(await startRealServer());

    const [first, second] = await client.batch([
      { type: "test.count", parameters: { upTo: 1 } },
      { type: "test.echo", parameters: { a: 1 }, tags: ["x"] },
    ]);

    expect((await first.result()).counted).toBe(1);
    expect(await second.result()).toEqual({ a: 1 });
  });

  it("runs again as a new job, is purged, and says so from then on", async () => {
    const client = clientOf(await startRealServer());
    const job = await client.submit("test.echo", { a: 1 });
    await job.result();

    const again = await job.rerun();
    const result = await again.result();
    await job.purge();

    expect(result).toEqual({ a: 1 });
    expect(again.last).toMatchObject({ rerunOf: job.id });
    await expect(client.job(job.id).result()).rejects.toThrow(JobPurgedError);
    await expect(client.job("0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d").result()).rejects.toMatchObject({
      code: "job_not_found",
    });
  });

  it("lists a page, and every job page by page", async () => {
    const client = clientOf(await startRealServer());
    for (const callbackId of ["a", "b", "c"]) await client.submit("test.echo", {}, { callbackId });

    const page = await client.list({ limit: 2 });
    const all = await arrayOf(client.listAll({ limit: 2, type: "test.echo" }));

    expect(page.items.map((job) => job.callbackId)).toEqual(["c", "b"]);
    expect(all.map((job) => job.callbackId)).toEqual(["c", "b", "a"]);
  });
});

describe("a ticket", () => {
  it("lets a page without credentials follow this job, and no other", async () => {
    const server = await startRealServer({ apiKeys: [{ owner: "ada", key: "mw_right" }] });
    const client = clientOf(server, { token: "mw_right" });
    const [job, other] = await Promise.all([
      client.submit("test.count", { upTo: 3 }),
      client.submit("test.count", { upTo: 3 }),
    ]);

    const { ticket, expiresAt, eventsUrl } = await job.ticket({ ttlMs: 60_000 });

    const types = await new Promise((resolve) => {
      const heard: string[] = [];
      const source = new EventSource(eventsUrl);
      for (const type of ["job.submitted", "job.completed"])
        source.addEventListener(type, () => {
          heard.push(type);
          if (type !== "job.completed") return;
          source.close();
          resolve(heard);
        });
    });
    expect(types).toEqual(["job.submitted", "job.completed"]);
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.parse(job.last?.createdAt ?? ""));
    const elsewhere = await fetch(`${server.url}/api/v2/jobs/${other.id}/events?ticket=${ticket}`);
    expect(elsewhere.status).toBe(403);
  });
});

describe("options", () => {
  it.each([
    [{ baseUrl: "example.com" }, 'baseUrl must be an address such as "https://api.example.com"; got "example.com".'],
    [{}, 'baseUrl must be an address such as "https://api.example.com"; got "".'],
    [
      { baseUrl: "http://x", transport: "pigeon" as "sse" },
      'transport must be one of auto, websocket, sse, long-polling, polling; got "pigeon".',
    ],
    [{ baseUrl: "http://x", retry: { maxAttempts: 0 } }, "retry.maxAttempts must be a number, at least 1; got 0."],
  ])("%j", (options, message) => {
    expect(() => createClient(options)).toThrow(message);
  });

  it("a path in front of the API is kept", () => {
    expect(createClient({ baseUrl: "https://example.com/jobs" }).baseUrl).toBe("https://example.com/jobs/");
  });

  it("nobody there: says where it asked, after its attempts", async () => {
    const server = await startRealServer();
    const notices: Notice[] = [];
    const client = clientOf(server, { retry: { maxAttempts: 3, initialDelayMs: 1 }, onNotice: (n) => notices.push(n) });
    await server.goAway();

    const refused = client.submit("test.echo", {});

    await expect(refused).rejects.toThrow(ConnectionError);
    await expect(refused).rejects.toThrow(
      /^No answer from http:\/\/127\.0\.0\.1:\d+\/api\/v2\/jobs: connect ECONNREFUSED/,
    );
    expect(notices.map((notice) => notice.kind === "retry" && notice.attempt)).toEqual([1, 2]);
  });
});
