// Every transport against a real server: the same events, with credentials, over restarts.
import { Gate, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import WebSocket from "ws";
import { type ClientOptions, createClient, type Notice } from "../index.js";
import { type RealServer, startRealServer } from "../testing/real-server.js";
import type { TestDefinitions } from "../testing/test-jobs.js";

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
