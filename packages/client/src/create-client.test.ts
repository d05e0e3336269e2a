// The client against a real server, over whatever that server offers.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Gate, until } from "@meanwhile/store-testkit";
import { describe, expect, it, onTestFinished } from "vitest";
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

describe("files", () => {
  const folderOf = async () => {
    const folder = await mkdtemp(join(tmpdir(), "meanwhile-files-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    return folder;
  };

  it("go up from anywhere and come down with their names", async () => {
    const client = clientOf(await startRealServer());
    const path = join(await folderOf(), "a text.txt");
    await writeFile(path, "from a path");

    const files = [
      await client.upload(new Blob(["from a blob"], { type: "text/plain" }), { name: 'ü"x.txt' }),
      await client.upload(new Blob(["from a stream"]).stream(), { name: "s.bin", mediaType: "application/x-own" }),
      await client.upload(new TextEncoder().encode("from bytes")),
      await client.upload(path),
    ];
    const downloads = await Promise.all(files.map(({ id }) => client.download(id)));

    expect(downloads.map(({ name }) => name)).toEqual(['ü"x.txt', "s.bin", "file", "a text.txt"]);
    expect(downloads[1]?.mediaType).toBe("application/x-own");
    expect(await Promise.all(downloads.map((file) => file.text()))).toEqual([
      "from a blob",
      "from a stream",
      "from bytes",
      "from a path",
    ]);
  });

  it("a job's result that is a file is its id, and saved with one call", async () => {
    const client = clientOf(await startRealServer());
    const { id } = await client.upload(new Blob(["abc"]));
    const target = join(await folderOf(), "copy.txt");

    const { file } = await (await client.submit("test.copy", { file: id })).result();
    await (await client.download(file)).saveTo(target);

    expect(await readFile(target, "utf8")).toBe("abc");
  });

  it("bytes that were taken once cannot be taken again, and a file that is not there says so", async () => {
    const client = clientOf(await startRealServer());
    const download = await client.download((await client.upload(new Blob(["abc"]))).id);
    await download.text();

    expect(() => download.stream()).toThrow("have been taken already");
    await expect(client.download("0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d")).rejects.toMatchObject({
      code: "file_not_found",
    });
  });
});

describe.each(["sse", "websocket", "long-polling", "polling"] as const)("following by %s", (transport) => {
  const followTimes = { pollEveryMs: 5, longPollMs: 1_000 };

  it("gives every event once and in order, while they happen", async () => {
    const server = await startRealServer();
    const notices: Notice[] = [];
    const client = clientOf(server, { transport, follow: followTimes, onNotice: (notice) => notices.push(notice) });
    const job = await client.submit("test.count", { upTo: 3, gates: ["1", "2", "3"] });
    const seen: string[] = [];

    for await (const event of job.events()) {
      expect(event.seq).toBe(seen.length + 1);
      seen.push(event.type);
      if (event.type === "job.started") server.open("1");
      if (event.type === "job.output") server.open(String((event.data.chunk as { step: number }).step + 1));
    }

    expect(seen.filter((type) => type === "job.output")).toHaveLength(3);
    expect([seen[0], seen.at(-1)]).toEqual(["job.submitted", "job.completed"]);
    expect(notices).toEqual([]);
  });

  it("goes on behind a seq, also behind the last", async () => {
    const server = await startRealServer();
    const client = clientOf(server, { transport, follow: followTimes });
    const job = await client.submit("test.count", { upTo: 300 });
    await job.result();
    const all = await arrayOf(job.events());

    const rest = await arrayOf(client.job(job.id).events({ after: 200 }));
    const none = await arrayOf(client.job(job.id).events({ after: all.length }));

    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
    expect(rest).toEqual(all.slice(200));
    expect(none).toEqual([]);
  });

  it("goes on where it was when the server was away", async () => {
    const server = await startRealServer();
    const notices: Notice[] = [];
    const client = clientOf(server, { transport, follow: followTimes, onNotice: (notice) => notices.push(notice) });
    const job = await client.submit("test.count", { upTo: 2, gates: ["1", "2"] });
    const seqs: number[] = [];
    const begun = new Gate();
    const following = (async () => {
      for await (const event of job.events()) {
        seqs.push(event.seq);
        if (event.type === "job.output") begun.open();
      }
    })();
    server.open("1");
    await begun.passed;

    await server.goAway();
    server.open("2");
    await until(() => notices.some(({ kind }) => kind === "away"), { what: "the client notices" });
    await server.comeBack();
    await following;

    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(await job.result()).toEqual({ counted: 2 });
  });

  it("two follow the same job, and one that leaves does not disturb the other", async () => {
    const server = await startRealServer();
    const client = clientOf(server, { transport, follow: followTimes });
    const job = await client.submit("test.count", { upTo: 1, gates: ["1"] });
    const all = arrayOf(job.events());
    for await (const event of job.events()) if (event.type === "job.started") break;

    server.open("1");

    expect((await all).at(-1)?.type).toBe("job.completed");
  });
});

describe("credentials", () => {
  const apiKeys = [{ owner: "ada", key: "mw_right" }];

  it("a token that was refused is asked for once more", async () => {
    const server = await startRealServer({ apiKeys });
    const asked: boolean[] = [];
    const client = clientOf(server, {
      token: ({ refused }) => {
        asked.push(refused);
        return refused ? "mw_right" : "mw_old";
      },
    });

    await (await client.submit("test.echo", {}, { waitMs: 5_000 })).result();

    expect(asked).toEqual([false, true]);
  });

  it.each(["sse", "websocket", "polling"] as const)(
    "%s sends them, and says when they do not fit",
    async (transport) => {
      const server = await startRealServer({ apiKeys });
      const { id } = await clientOf(server, { token: "mw_right" }).submit("test.echo", { a: 1 });

      const right = clientOf(server, { token: ({ refused }) => (refused ? "mw_right" : "mw_old"), transport });
      const wrong = clientOf(server, { token: "mw_wrong", transport });
      const none = clientOf(server, { transport });

      expect((await arrayOf(right.job(id).events())).at(-1)?.type).toBe("job.completed");
      for (const client of [wrong, none]) {
        await expect(arrayOf(client.job(id).events())).rejects.toMatchObject({ code: "unauthenticated" });
      }
    },
  );

  it("what belongs to somebody else is not there", async () => {
    const server = await startRealServer({ apiKeys: [...apiKeys, { owner: "bob", key: "mw_bob" }] });
    const { id } = await clientOf(server, { token: "mw_right" }).submit("test.echo", {});

    await expect(clientOf(server, { token: "mw_bob" }).job(id).result()).rejects.toMatchObject({
      code: "job_not_found",
    });
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
