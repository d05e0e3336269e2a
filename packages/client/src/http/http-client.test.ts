// Requests and their repetition, against servers that fail in every way there is.
import { until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { type ClientOptions, ConnectionError, createClient, type Notice, ProblemError } from "../index.js";
import {
  answerJson,
  answerProblem,
  JOB_ID,
  type ScriptedServer,
  startScriptedServer,
} from "../testing/scripted-server.js";
import { backoffMs, retryAfterMsOf } from "./backoff.js";

const clientOf = ({ url }: ScriptedServer, options: ClientOptions = {}) =>
  createClient({ baseUrl: url, retry: { initialDelayMs: 1, maxDelayMs: 5 }, ...options });

const JOB = { id: JOB_ID, status: "PENDING", lastSeq: 1 };

describe("a submit", () => {
  it("is sent again with the same key until it is answered", async () => {
    const server = await startScriptedServer((_request, response, count) => {
      if (count === 1) response.destroy();
      else if (count === 2) answerProblem(response, { status: 503, code: "store_unavailable" }, { "retry-after": "0" });
      else if (count === 3) response.writeHead(502).end("<html>");
      else if (count === 4) response.writeHead(202, { "content-length": "999" }).write("{", () => response.destroy());
      else answerJson(response, JOB);
    });

    const job = await clientOf(server).submit("t", { a: 1 });

    expect(job.id).toBe(JOB_ID);
    const keys = server.seen.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toHaveLength(5);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(server.seen.map(({ body }) => body)).toEqual(Array(5).fill('{"type":"t","parameters":{"a":1}}'));
  });

  it("another submit has another key", async () => {
    const server = await startScriptedServer((_request, response) => answerJson(response, JOB));
    const client = clientOf(server);

    await Promise.all([client.submit("t"), client.submit("t")]);

    expect(new Set(server.seen.map(({ headers }) => headers["idempotency-key"])).size).toBe(2);
  });

  it("waits as long as the server asks for", async () => {
    const notices: Notice[] = [];
    const server = await startScriptedServer((_request, response, count) => {
      if (count === 1) answerProblem(response, { status: 429, code: "queue_full" }, { "retry-after": "1" });
      else answerJson(response, JOB);
    });
    const begunAt = performance.now();

    await clientOf(server, { onNotice: (notice) => notices.push(notice) }).submit("t");

    expect(performance.now() - begunAt).toBeGreaterThan(990);
    expect(notices).toMatchObject([{ kind: "retry", attempt: 1, error: { code: "queue_full", retryAfterMs: 1_000 } }]);
  });

  it("is refused at once where the wait would be longer than the whole time", async () => {
    const server = await startScriptedServer((_request, response) =>
      answerProblem(response, { status: 429, code: "quota_exceeded" }, { "retry-after": "3600" }),
    );

    await expect(clientOf(server).submit("t")).rejects.toMatchObject({
      code: "quota_exceeded",
      status: 429,
      retryAfterMs: 3_600_000,
      traceId: "t1",
    });
    expect(server.seen).toHaveLength(1);
  });

  it.each([400, 403, 409, 422, 500])("%i is not repeated", async (status) => {
    const server = await startScriptedServer((_request, response) =>
      answerProblem(response, { status, code: "conflict" }),
    );

    await expect(clientOf(server).submit("t")).rejects.toThrow("It is conflict.");
    expect(server.seen).toHaveLength(1);
  });

  it("retry: false sends once", async () => {
    const server = await startScriptedServer((_request, response) => response.destroy());

    await expect(clientOf(server, { retry: false }).submit("t")).rejects.toThrow(ConnectionError);
    expect(server.seen).toHaveLength(1);
  });
});

describe("the caller's own mistakes", () => {
  it("are thrown as they are, and nothing is repeated", async () => {
    const server = await startScriptedServer((_request, response) => answerJson(response, JOB));
    const broken = clientOf(server, {
      token: () => {
        throw new Error("the session is over");
      },
    });

    await expect(broken.list()).rejects.toThrow("the session is over");
    await expect(clientOf(server).submit("t", { n: 1n })).rejects.toThrow(/BigInt/);
    await expect(clientOf(server).submit("t", {}, { idempotencyKey: "schlüssel" })).rejects.toThrow(
      'idempotencyKey: Expected 1 to 255 printable ASCII characters, got "schlüssel".',
    );
    expect(server.seen).toHaveLength(0);
  });
});

describe("answers that are none", () => {
  it("a page of something else says so", async () => {
    const server = await startScriptedServer((_request, response) => response.writeHead(200).end("<html>"));

    await expect(clientOf(server).list()).rejects.toThrow("answered 200 with something that is not JSON");
  });

  it("a refusal without a problem document names address and status", async () => {
    const server = await startScriptedServer((_request, response) => response.writeHead(404).end("nothing here"));

    const refused = clientOf(server).list();

    await expect(refused).rejects.toThrow(ProblemError);
    await expect(refused).rejects.toThrow(/\/api\/v2\/jobs\? answered 404 without saying why/);
    await expect(refused).rejects.toMatchObject({ code: "unexpected_answer", problem: undefined });
  });

  it("silence is an error after the time limit, and is repeated", async () => {
    const server = await startScriptedServer((_request, response, count) => {
      if (count > 1) answerJson(response, { items: [], nextCursor: null });
    });

    expect(await clientOf(server, { requestTimeoutMs: 100 }).list()).toEqual({ items: [], nextCursor: null });
    expect(server.seen).toHaveLength(2);
  });
});

describe("a signal", () => {
  it("ends a request under way, with its reason", async () => {
    const server = await startScriptedServer(() => {});
    const controller = new AbortController();
    const listing = clientOf(server).list({}, { signal: controller.signal });
    await until(() => server.seen.length === 1, { what: "the server was asked" });

    controller.abort(new Error("enough"));

    await expect(listing).rejects.toThrow("enough");
  });

  it("ends the wait between two attempts", async () => {
    const server = await startScriptedServer((_request, response) =>
      answerProblem(response, { status: 503, code: "shutting_down" }, { "retry-after": "30" }),
    );
    const controller = new AbortController();
    const notices: Notice[] = [];
    const listing = clientOf(server, { onNotice: (notice) => notices.push(notice) }).list({}, controller);
    await until(() => notices.length === 1, { what: "it waits" });

    controller.abort(new Error("enough"));

    await expect(listing).rejects.toThrow("enough");
  });
});

it.each([301, 307])(
  "a submit is not redirected (%i): it would become a list, or go to somebody else",
  async (status) => {
    const elsewhere = await startScriptedServer((_request, response) => answerJson(response, { items: [] }));
    const server = await startScriptedServer((_request, response) =>
      response.writeHead(status, { location: `${elsewhere.url}/api/v2/jobs` }).end(),
    );

    await expect(clientOf(server, { token: "mw_secret" }).submit("t")).rejects.toMatchObject({
      code: "unexpected_answer",
      message: expect.stringContaining(`redirects to ${elsewhere.url}`),
    });
    expect(elsewhere.seen).toEqual([]);
    expect(server.seen).toHaveLength(1);
  },
);

it("what is read may be redirected, and the credentials do not come along to another origin", async () => {
  const elsewhere = await startScriptedServer((_request, response) => answerJson(response, JOB));
  const server = await startScriptedServer(({ path }, response) =>
    response.writeHead(302, { location: `${elsewhere.url}${path}` }).end(),
  );

  await clientOf(server, { token: "mw_secret" }).job(JOB_ID).get();

  expect(elsewhere.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

it.each([Number.POSITIVE_INFINITY, 2 ** 40])("a time limit of %s ms is not over at once", async (ms) => {
  const server = await startScriptedServer((_request, response) => answerJson(response, JOB));

  expect(await clientOf(server, { requestTimeoutMs: ms }).job(JOB_ID).get()).toMatchObject({ id: JOB_ID });
});

it("an upload of a stream is sent once: what was read of it cannot be sent again", async () => {
  const server = await startScriptedServer((_request, response) =>
    answerProblem(response, { status: 503, code: "store_unavailable" }),
  );

  await expect(clientOf(server).upload(new Blob(["abc"]).stream())).rejects.toMatchObject({
    code: "store_unavailable",
  });
  expect(server.seen.map(({ body }) => body)).toEqual(["abc"]);
});

it("headers of one's own go with every request", async () => {
  const server = await startScriptedServer((_request, response) => answerJson(response, JOB));

  await clientOf(server, { headers: { "x-tenant": "acme" } })
    .job(JOB_ID)
    .get();

  expect(server.seen[0]?.headers["x-tenant"]).toBe("acme");
});

describe("backoff", () => {
  const limits = { initialDelayMs: 100, maxDelayMs: 1_000 };

  it("is drawn below an end that doubles, up to the longest", () => {
    expect([1, 2, 3, 4, 5, 50].map((attempt) => backoffMs(attempt, limits, { random: () => 1 }))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
    expect(backoffMs(9, limits, { random: () => 0 })).toBe(0);
  });

  it("never is below what the server asks for", () => {
    expect(backoffMs(1, limits, { random: () => 0.5, retryAfterMs: 7_000 })).toBe(7_050);
  });

  it.each([
    ["7", 7_000],
    ["Sun, 22 Nov 2026 09:00:05 GMT", 5_000],
    ["Sun, 22 Nov 2026 08:00:00 GMT", 0],
    ["1.5", undefined],
    ["soon", undefined],
    [null, undefined],
  ])("Retry-After %s is %s ms", (header, ms) => {
    expect(retryAfterMsOf(header, Date.UTC(2026, 10, 22, 9))).toBe(ms);
  });
});
