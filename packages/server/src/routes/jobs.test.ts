// Reading jobs over HTTP: versions, waiting, lists.
import { describe, expect, it } from "vitest";
import { get, post, runningJob, submit } from "../testing/requests.js";
import { startTestServer } from "../testing/test-server.js";

const JOBS = "/api/v2/jobs";
const NOWHERE = "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d";

describe("GET /api/v2/jobs/{id}", () => {
  it("answers 200 also for a job that failed", async () => {
    const server = await startTestServer();
    const parameters = { code: "no_luck", message: "It did not work." };
    const { id } = await submit(server, { type: "test.fail", parameters }, { prefer: "wait=30" });

    const answer = await get(server, `${JOBS}/${id}`);

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ status: "FAILED", error: parameters, result: null });
    expect(answer.json().purgeAt).not.toBeNull();
    expect(answer.headers).not.toHaveProperty("retry-after");
  });

  it("shows the place in the queue of a job that waits", async () => {
    const server = await startTestServer({ worker: false });
    await submit(server, { type: "test.echo" });
    const { id } = await submit(server, { type: "test.echo" });
    const delayed = await submit(server, { type: "test.echo", delayMs: 60_000 });

    expect((await get(server, `${JOBS}/${id}`)).json().queuePosition).toBe(2);
    expect((await get(server, `${JOBS}/${delayed.id}`)).json().queuePosition).toBeNull();
  });

  it("shows progress, and what is left drawn from it", async () => {
    const server = await startTestServer();
    const { id } = await submit(server, { type: "test.gated", parameters: { gate: "g", progress: 0.25 } });
    const running = await get(server, `${JOBS}/${id}`, { prefer: "wait=30", "if-none-match": 'W/"2"' });

    const job = running.json();

    expect(job).toMatchObject({
      status: "PROCESSING",
      progress: 0.25,
      message: "under way",
      currentStep: 1,
      totalSteps: 4,
    });
    expect(job.estimatedTimeRemainingMs).toBe(3 * (Date.parse(job.updatedAt) - Date.parse(job.startedAt)));
  });

  it.each([NOWHERE, "42", "..", "A".repeat(99), NOWHERE.toUpperCase()])("answers 404 for %j", async (id) => {
    const server = await startTestServer({ worker: false });

    const answer = await get(server, `${JOBS}/${id}`);

    expect(answer.statusCode).toBe(404);
    expect(["job_not_found", "not_found"]).toContain(answer.json().code);
  });

  it("answers 410 for a purged job, not to be kept", async () => {
    const server = await startTestServer();
    const { id } = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });
    await post(server, `${JOBS}/${id}/purge`);

    const answer = await get(server, `${JOBS}/${id}`);

    expect(answer.statusCode).toBe(410);
    expect(answer.json()).toMatchObject({ code: "job_purged", jobId: id });
    expect(answer.headers["cache-control"]).toBe("no-store");
  });

  it("answers HEAD with the same headers and no body", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    const answer = await server.app.inject({ method: "HEAD", url: `${JOBS}/${id}` });

    expect(answer.statusCode).toBe(200);
    expect(answer.headers.etag).toBe('W/"1"');
    expect(answer.body).toBe("");
  });
});

describe("If-None-Match", () => {
  it.each(['W/"1"', '"1"', '"9", W/"1"', "*", 'W/"0",W/"1"'])(
    "%s gives 304 with what caches need",
    async (condition) => {
      const server = await startTestServer({ worker: false });
      const { id } = await submit(server, { type: "test.echo" });

      const answer = await get(server, `${JOBS}/${id}`, { "if-none-match": condition });

      expect(answer.statusCode).toBe(304);
      expect(answer.body).toBe("");
      expect(answer.headers).toMatchObject({
        etag: 'W/"1"',
        vary: "Prefer, Authorization",
        "cache-control": "private, no-cache",
        "retry-after": "1",
      });
    },
  );

  it.each(['W/"2"', "1", "", "nonsense", '"1', 'W/"10"'])("%j gives 200", async (condition) => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    const answer = await get(server, `${JOBS}/${id}`, { "if-none-match": condition });

    expect(answer.statusCode).toBe(200);
  });
});

describe("waiting for a job", () => {
  it("ends when the job does", async () => {
    const server = await startTestServer();
    const { id } = await runningJob(server, { gate: "g" });
    const byPrefer = get(server, `${JOBS}/${id}`, { prefer: "wait=60" });
    const byLongPoll = get(server, `${JOBS}/${id}/longpoll?timeout=60000`);

    server.jobs.open("g");

    expect((await byPrefer).json()).toMatchObject({ status: "COMPLETED", result: { gate: "g" } });
    expect((await byPrefer).headers["preference-applied"]).toBe("wait=60");
    expect((await byLongPoll).json().status).toBe("COMPLETED");
  });

  it("with a condition, ends as soon as the job differs", async () => {
    const server = await startTestServer();
    const { id } = await submit(server, { type: "test.gated", parameters: { gate: "g" } });

    const answer = await get(server, `${JOBS}/${id}`, { prefer: "wait=60", "if-none-match": 'W/"1"' });

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ status: "PROCESSING", lastSeq: 2 });
  });

  it("with a condition that the job fails already, answers at once", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    const answer = await get(server, `${JOBS}/${id}`, { prefer: "wait=60", "if-none-match": 'W/"7"' });

    expect(answer.statusCode).toBe(200);
  });

  it("answers 304 where nothing has changed when the time is up", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    const answer = await get(server, `${JOBS}/${id}`, { prefer: "wait=1", "if-none-match": 'W/"1"' });

    expect(answer.statusCode).toBe(304);
    expect(answer.headers["retry-after"]).toBe("1");
  });

  it("answers the job as it is when the time of a long poll is up", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    const answer = await get(server, `${JOBS}/${id}/longpoll?timeout=5`);

    expect(answer.statusCode).toBe(200);
    expect(answer.json().status).toBe("PENDING");
    expect(answer.headers["retry-after"]).toBe("1");
  });

  it.each(["60001", "-1", "1.5", "soon", ""])("refuses the timeout %j", async (timeout) => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    const answer = await get(server, `${JOBS}/${id}/longpoll?timeout=${timeout}`);

    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: "invalid_request", parameter: "timeout" });
  });

  it("is refused beyond the bound per owner, with a time to try again", async () => {
    const server = await startTestServer({ waitsPerOwner: 2 });
    const { id } = await runningJob(server, { gate: "g" });
    const waiting = [1, 2].map(() => get(server, `${JOBS}/${id}/longpoll`));

    const third = await get(server, `${JOBS}/${id}/longpoll`);

    expect(third.statusCode).toBe(429);
    expect(third.json().code).toBe("rate_limited");
    expect(third.headers["retry-after"]).toBe("1");
    server.jobs.open("g");
    for (const answer of await Promise.all(waiting)) expect(answer.statusCode).toBe(200);
    expect((await get(server, `${JOBS}/${id}/longpoll`)).statusCode).toBe(200);
  });

  it("is answered at once when the server drains", async () => {
    const server = await startTestServer();
    const { id } = await runningJob(server, { gate: "g" });
    const waiting = get(server, `${JOBS}/${id}/longpoll?timeout=60000`);
    await server.parts.engine.get(id, { principal: LOCAL });

    server.drain();

    expect((await waiting).json().status).toBe("PROCESSING");
  });
});

const LOCAL = { owner: "local", name: "local", scopes: null, expiresAt: null, credentialId: null };

describe("GET /api/v2/jobs", () => {
  it("pages through all jobs, newest first, by cursor and by Link", async () => {
    const server = await startTestServer({ worker: false });
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await submit(server, { type: "test.echo" })).id);

    const seen: string[] = [];
    let url: string | undefined = `${JOBS}?limit=2&type=test.echo`;
    while (url !== undefined) {
      const answer = await get(server, url);
      expect(answer.headers).toMatchObject({ vary: "Prefer, Authorization", "cache-control": "private, no-cache" });
      seen.push(...answer.json().items.map(({ id }: { id: string }) => id));
      url = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ""))?.[1];
      expect(url === undefined).toBe(answer.json().nextCursor === null);
    }

    expect(seen).toEqual(ids);
  });

  it("filters by what the caller knows", async () => {
    const server = await startTestServer();
    const done = await submit(server, { type: "test.echo", tags: ["x"], callbackId: "c 1" }, { prefer: "wait=30" });
    const held = await runningJob(server, { gate: "g" });
    const idsFor = async (query: string) => {
      const { items } = (await get(server, `${JOBS}?${query}`)).json();
      return items.map(({ id }: { id: string }) => id);
    };

    expect(await idsFor("status=COMPLETED")).toEqual([done.id]);
    expect(await idsFor("type=test.gated")).toEqual([held.id]);
    expect(await idsFor("tag=x")).toEqual([done.id]);
    expect(await idsFor("callbackId=c%201")).toEqual([done.id]);
    expect(await idsFor(`createdAfter=${encodeURIComponent(held.createdAt)}`)).toEqual([]);
    expect(await idsFor("createdBefore=2020-01-01T00:00:00Z")).toEqual([]);
    expect(await idsFor("createdAfter=2020-01-01T01:00:00%2B01:00")).toHaveLength(2);
  });

  it.each([
    "limit=0",
    "limit=201",
    "limit=ten",
    "limit=1&limit=2",
    "cursor=nonsense",
    "cursor=",
    "status=DONE",
    "createdAfter=yesterday",
    "createdAfter=2026",
    "tag=%00",
    "unknown=1",
  ])("refuses ?%s with 400", async (query) => {
    const server = await startTestServer({ worker: false });

    const answer = await get(server, `${JOBS}?${query}`);

    expect(answer.statusCode).toBe(400);
    expect(answer.json().code).toBe("invalid_request");
  });
});
