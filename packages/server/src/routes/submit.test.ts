// Submitting over HTTP: one job, batches, reruns, keys, waiting.
import { describe, expect, it } from "vitest";
import { get, inStatus, post, runningJob, submit } from "../testing/requests.js";
import { startTestServer } from "../testing/test-server.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const JOBS = "/api/v2/jobs";

describe("POST /api/v2/jobs", () => {
  it("answers 202 with the job and where to ask for it", async () => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, JOBS, { type: "test.echo", parameters: { a: 1 } });

    const job = answer.json();
    const url = `/api/v2/jobs/${job.id}`;
    expect(answer.statusCode).toBe(202);
    expect(answer.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      location: url,
      "operation-location": `/api/v2/operations/${job.id}`,
      "retry-after": "1",
      etag: 'W/"1"',
      vary: "Prefer, Authorization",
      "cache-control": "private, no-cache",
      "x-request-id": expect.stringMatching(UUID),
    });
    expect(answer.headers).not.toHaveProperty("preference-applied");
    expect(job).toEqual({
      id: expect.stringMatching(UUID),
      type: "test.echo",
      status: "PENDING",
      statusUrl: url,
      parameters: { a: 1 },
      progress: 0,
      message: null,
      currentStep: null,
      totalSteps: null,
      estimatedTimeRemainingMs: null,
      priority: 0,
      attempt: 0,
      maxAttempts: expect.any(Number),
      queuePosition: null,
      cancelRequested: false,
      callbackId: null,
      webhookEnabled: false,
      tags: [],
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updatedAt: job.createdAt,
      startedAt: null,
      completedAt: null,
      runAt: job.createdAt,
      startBy: null,
      completeBy: null,
      purgeAt: null,
      result: null,
      error: null,
      rerunOf: null,
      lastSeq: 1,
      links: {
        self: url,
        events: `${url}/events`,
        progress: `${url}/progress`,
        result: `${url}/result`,
        logs: `${url}/logs`,
        cancel: `${url}/cancel`,
      },
    });
  });

  it("keeps what the caller said about the job", async () => {
    const server = await startTestServer({ worker: false });

    const job = await submit(server, {
      type: "test.echo",
      priority: -5,
      delayMs: 90_000,
      startWithinMs: 1_000,
      completeWithinMs: 500_000,
      callbackId: "order 7",
      tags: ["a", 'q"'],
    });

    const at = (text: string | null) => Date.parse(text ?? "");
    expect(job).toMatchObject({ priority: -5, callbackId: "order 7", tags: ["a", 'q"'] });
    expect(at(job.runAt) - at(job.createdAt)).toBe(90_000);
    expect(at(job.startBy) - at(job.createdAt)).toBe(91_000);
    expect(at(job.completeBy) - at(job.createdAt)).toBe(500_000);
  });

  it("tells the caller of a delayed job to look again when it is due, but within a minute", async () => {
    const server = await startTestServer({ worker: false });

    const soon = await post(server, JOBS, { type: "test.echo", delayMs: 20_000 });
    const late = await post(server, JOBS, { type: "test.echo", delayMs: 3_600_000 });

    expect([19, 20]).toContain(Number(soon.headers["retry-after"]));
    expect(late.headers["retry-after"]).toBe("60");
  });

  it("writes absolute links where the public address is known, and paths in the headers", async () => {
    const server = await startTestServer({ worker: false, publicUrl: "https://api.example.com/base/" });

    const answer = await post(server, JOBS, { type: "test.echo" });

    const job = answer.json();
    expect(job.links.events).toBe(`https://api.example.com/base/api/v2/jobs/${job.id}/events`);
    expect(answer.headers.location).toBe(`/api/v2/jobs/${job.id}`);
  });

  it("keeps the caller's trace with the job, and ignores a malformed one", async () => {
    const server = await startTestServer({ worker: false });
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    const traced = await submit(server, { type: "test.echo" }, { traceparent, tracestate: "a=1" });
    const plain = await submit(server, { type: "test.echo" }, { traceparent: "00-nonsense-01", tracestate: "a=1" });

    const stored = await server.parts.store.jobs.find(traced.id);
    expect(stored).toMatchObject({ traceparent, tracestate: "a=1", requestId: expect.stringMatching(UUID) });
    expect(await server.parts.store.jobs.find(plain.id)).toMatchObject({ traceparent: null, tracestate: null });
  });

  it.each([
    [{ type: "no.such" }, 422, "unknown_job_type", "#/type"],
    [{ type: "test.fail", parameters: { code: 1, message: "m" } }, 422, "invalid_parameters", "#/parameters/code"],
    [{ type: "test.echo", webhook: { url: "http://10.0.0.1/" } }, 422, "invalid_parameters", "#/webhook/url"],
    [{ type: "test.echo", priority: 101 }, 422, "invalid_parameters", "#/priority"],
    [{ parameters: {} }, 422, "invalid_parameters", "#/type"],
    [[], 422, "invalid_parameters", "#"],
  ])("refuses %j with %i %s", async (body, status, code, pointer) => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, JOBS, body);

    expect(answer.statusCode).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(answer.json()).toMatchObject({ status, code, instance: JOBS, errors: [{ pointer }] });
  });

  it("answers 429 with Retry-After when the type's queue is full", async () => {
    const server = await startTestServer({ worker: false });
    await submit(server, { type: "test.limited" });

    const answer = await post(server, JOBS, { type: "test.limited" });

    expect(answer.statusCode).toBe(429);
    expect(answer.json()).toMatchObject({ code: "queue_full" });
    expect(answer.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
  });
});

describe("Prefer", () => {
  it("respond-async is echoed", async () => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, JOBS, { type: "test.echo" }, { prefer: "respond-async" });

    expect(answer.statusCode).toBe(202);
    expect(answer.headers["preference-applied"]).toBe("respond-async");
  });

  it("wait answers 200 with the finished job", async () => {
    const server = await startTestServer();

    const answer = await post(
      server,
      JOBS,
      { type: "test.echo", parameters: { a: [1] } },
      { prefer: "respond-async, wait=30" },
    );

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ status: "COMPLETED", result: { a: [1] }, progress: 1 });
    expect(answer.headers["preference-applied"]).toBe("wait=30");
    expect(answer.headers).not.toHaveProperty("retry-after");
  });

  it("wait answers 202 once its time is up", async () => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, JOBS, { type: "test.echo" }, { prefer: "wait=1, respond-async" });

    expect(answer.statusCode).toBe(202);
    expect(answer.headers["preference-applied"]).toBe("respond-async");
  });

  it("wait is passed over where the owner waits too often already", async () => {
    const server = await startTestServer({ waitsPerOwner: 1 });
    const { id } = await runningJob(server, { gate: "held" });
    const first = get(server, `${JOBS}/${id}/longpoll`);
    const second = await post(
      server,
      JOBS,
      { type: "test.gated", parameters: { gate: "held" } },
      { prefer: "wait=60" },
    );

    server.jobs.open("held");

    expect(second.statusCode).toBe(202);
    expect((await first).json().status).toBe("COMPLETED");
  });
});

describe("Idempotency-Key", () => {
  it("gives the first job again, quoted or bare", async () => {
    const server = await startTestServer({ worker: false });
    const body = { type: "test.echo", parameters: { b: 2, a: 1 } };
    const first = await post(server, JOBS, body, { "idempotency-key": "k-1" });

    const again = await post(
      server,
      JOBS,
      { parameters: { a: 1, b: 2 }, type: "test.echo" },
      { "idempotency-key": '"k-1"' },
    );

    expect(first.headers).not.toHaveProperty("idempotent-replayed");
    expect(again.statusCode).toBe(202);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    expect(again.json().id).toBe(first.json().id);
  });

  it("answers 200 where the first job has finished", async () => {
    const server = await startTestServer();
    const { id } = await submit(server, { type: "test.echo" }, { "idempotency-key": "done", prefer: "wait=30" });

    const again = await post(server, JOBS, { type: "test.echo" }, { "idempotency-key": "done" });

    expect(again.statusCode).toBe(200);
    expect(again.json()).toMatchObject({ id, status: "COMPLETED" });
  });

  it("refuses another request under the same key", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" }, { "idempotency-key": "k" });

    const other = await post(server, JOBS, { type: "test.echo", priority: 0 }, { "idempotency-key": "k" });

    expect(other.statusCode).toBe(422);
    expect(other.json()).toMatchObject({ code: "idempotency_key_reused", jobId: id });
  });

  it("makes one job of many at once", async () => {
    const server = await startTestServer({ worker: false });

    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post(server, JOBS, { type: "test.echo" }, { "idempotency-key": "same" })),
    );

    expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers["idempotent-replayed"] === undefined)).toHaveLength(1);
  });

  it.each(["", '""', "k".repeat(256), '"a", "b"', "k\u00e4se"])("refuses %j", async (key) => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, JOBS, { type: "test.echo" }, { "idempotency-key": key });

    expect(answer.statusCode).toBe(400);
    expect(answer.json().code).toBe("invalid_request");
  });

  it("is demanded by types that want it", async () => {
    const server = await startTestServer({ worker: false });

    const without = await post(server, JOBS, { type: "test.keyed" });
    const withKey = await post(server, JOBS, { type: "test.keyed" }, { "idempotency-key": "k" });

    expect(without.statusCode).toBe(400);
    expect(without.json().code).toBe("idempotency_key_missing");
    expect(withKey.statusCode).toBe(202);
  });

  it("of a purged job answers 410 and is not kept by caches", async () => {
    const server = await startTestServer();
    const { id } = await submit(server, { type: "test.echo" }, { "idempotency-key": "gone", prefer: "wait=30" });
    await post(server, `${JOBS}/${id}/purge`);

    const answer = await post(server, JOBS, { type: "test.echo" }, { "idempotency-key": "gone" });

    expect(answer.statusCode).toBe(410);
    expect(answer.json()).toMatchObject({ code: "job_purged", jobId: id });
    expect(answer.headers["cache-control"]).toBe("no-store");
  });
});

describe("POST /api/v2/jobs/batch", () => {
  it("stores all of them", async () => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, `${JOBS}/batch`, {
      jobs: [
        { type: "test.echo", parameters: { n: 1 } },
        { type: "test.echo", idempotencyKey: "item" },
      ],
    });

    expect(answer.statusCode).toBe(202);
    expect(answer.json().items).toMatchObject([{ parameters: { n: 1 } }, { parameters: {} }]);
    expect(answer.headers).toMatchObject({ "retry-after": "1", vary: "Prefer, Authorization" });
  });

  it("gives the same jobs again for the same key", async () => {
    const server = await startTestServer({ worker: false });
    const body = { jobs: [{ type: "test.echo" }, { type: "test.echo" }] };
    const first = await post(server, `${JOBS}/batch`, body, { "idempotency-key": "b" });

    const again = await post(server, `${JOBS}/batch`, body, { "idempotency-key": "b" });

    const idsOf = (answer: typeof first) => answer.json().items.map(({ id }: { id: string }) => id);
    expect(idsOf(again)).toEqual(idsOf(first));
    expect(again.headers["idempotent-replayed"]).toBe("true");
  });

  it.each([
    [{ jobs: [{ type: "test.echo" }, { type: "no.such" }] }, "#/jobs/1/type"],
    [{ jobs: [{ type: "test.echo", delayMs: -1 }] }, "#/jobs/0/delayMs"],
    [{ jobs: [] }, "#/jobs"],
    [{ jobs: Array.from({ length: 1_001 }, () => ({ type: "test.echo" })) }, "#/jobs"],
    [{ jobs: "all" }, "#/jobs"],
    [{}, "#/jobs"],
    [{ jobs: [{ type: "test.echo" }], more: 1 }, "#/more"],
    [[], "#"],
  ])("stores none where one is bad (case %#)", async (body, pointer) => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, `${JOBS}/batch`, body);

    expect(answer.statusCode).toBe(422);
    expect(answer.json().errors[0].pointer).toBe(pointer);
    expect((await get(server, JOBS)).json().items).toEqual([]);
  });
});

describe("POST /api/v2/jobs/{id}/rerun", () => {
  it("makes a new job of a finished one", async () => {
    const server = await startTestServer();
    const old = await submit(server, { type: "test.echo", parameters: { a: 1 } }, { prefer: "wait=30" });

    const answer = await post(server, `${JOBS}/${old.id}/rerun`);

    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toMatchObject({ rerunOf: old.id, parameters: { a: 1 } });
    expect(answer.headers.location).toBe(`/api/v2/jobs/${answer.json().id}`);
    await inStatus(server, answer.json().id, "COMPLETED");
  });

  it("refuses a job that has not finished", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    const answer = await post(server, `${JOBS}/${id}/rerun`);

    expect(answer.statusCode).toBe(409);
    expect(answer.json().code).toBe("job_not_finished");
  });

  it("counts the idempotency key", async () => {
    const server = await startTestServer();
    const { id } = await submit(server, { type: "test.echo" }, { prefer: "wait=30" });
    const first = await post(server, `${JOBS}/${id}/rerun`, undefined, { "idempotency-key": "again" });

    const second = await post(server, `${JOBS}/${id}/rerun`, undefined, { "idempotency-key": "again" });

    expect(second.json().id).toBe(first.json().id);
  });
});
