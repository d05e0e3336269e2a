import { status } from "@grpc/grpc-js";
import { AppError, createMemoryStore, LOCAL_PRINCIPAL, systemClock } from "@meanwhile/core";
import { until } from "@meanwhile/store-testkit";
import { expect, it } from "vitest";
import { CallError, endOf } from "./testing/test-client.js";
import { principalOf, startTestGrpcServer } from "./testing/test-grpc-server.js";

const UNKNOWN_JOB = "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d";

const failure = (call: Promise<unknown>): Promise<CallError> =>
  call.then(
    () => Promise.reject(new Error("The call succeeded.")),
    (error: unknown) => (error instanceof CallError ? error : Promise.reject(error)),
  );

it("SubmitJob submits and tells everything to the end", async () => {
  const client = (await startTestGrpcServer()).client();

  const updates = await client.all("SubmitJob", { type: "test.count", parameters_json: '{"steps":2}' });

  expect(updates.map(({ seq }) => seq)).toEqual(updates.map((_, index) => index + 1));
  expect(updates[0]).toMatchObject({ type: "job.submitted", status: "PENDING", attempt: 0 });
  expect(JSON.parse(updates[0].data_json)).toMatchObject({ type: "test.count", priority: 0 });
  expect(updates[1]).toMatchObject({ type: "job.started", status: "PROCESSING", attempt: 1 });
  const last = updates.at(-1);
  expect(last).toMatchObject({ type: "job.completed", status: "COMPLETED", progress: 1, error: null });
  expect(JSON.parse(last.result)).toEqual({ steps: 2 });
  expect(JSON.parse(last.data_json)).toEqual({ result: { steps: 2 } });
  expect(new Date(last.at).toISOString()).toBe(last.at);
  expect(updates.every(({ job_id: id }) => id === last.job_id)).toBe(true);
});

it("progress travels in fields of its own, and only where an update says it", async () => {
  const client = (await startTestGrpcServer()).client();

  const updates = await client.all("SubmitJob", { type: "test.count", parameters_json: '{"steps":1}' });

  const progress = updates.find(({ type }) => type === "job.progress");
  expect(progress).toMatchObject({ progress: 1, message: "step 1" });
  expect(JSON.parse(progress.data_json)).toMatchObject({ currentStep: 1, totalSteps: 1 });
  expect(updates[0]._progress).toBeUndefined();
});

it("a job that failed is a last message and OK", async () => {
  const client = (await startTestGrpcServer()).client();

  const updates = await client.all("SubmitJob", {
    type: "test.fail",
    parameters_json: JSON.stringify({ code: "no_paper", message: "The printer is empty." }),
  });

  expect(updates.at(-1)).toMatchObject({
    type: "job.failed",
    status: "FAILED",
    error: { code: "no_paper", message: "The printer is empty.", details_json: '{"tried":1}' },
  });
});

it("CreateJob answers at once with the job", async () => {
  const server = await startTestGrpcServer({ linkBase: "https://api.example.com" });
  const client = server.client();

  const job = await client.create(
    "test.gated",
    { gate: "a" },
    { priority: -3, callback_id: "order 7", tags: ["nightly"], retention_ms: 60_000, complete_within_ms: 3_600_000 },
  );

  expect(job).toMatchObject({
    type: "test.gated",
    parameters_json: '{"gate":"a"}',
    priority: -3,
    callback_id: "order 7",
    tags: ["nightly"],
    attempt: 0,
    max_attempts: expect.any(Number),
    cancel_requested: false,
    last_seq: 1,
    error: null,
    status_url: `https://api.example.com/api/v2/jobs/${job.id}`,
  });
  expect(Date.parse(job.complete_by) - Date.parse(job.created_at)).toBe(3_600_000);
  expect(await server.service.engine.get(job.id, { principal: LOCAL_PRINCIPAL })).toMatchObject({
    retentionMs: 60_000,
  });
});

it("GetJob reads the job as it is now", async () => {
  const server = await startTestGrpcServer();
  const client = server.client();
  const { id } = await client.create("test.count", { steps: 2 });
  await client.all("WatchJob", { job_id: id });

  const job = await client.call("GetJob", { job_id: id });

  expect(job).toMatchObject({
    id,
    status: "COMPLETED",
    progress: 1,
    current_step: 2,
    total_steps: 2,
    attempt: 1,
    result_url: `/api/v2/jobs/${id}/result`,
  });
  expect(JSON.parse(job.result)).toEqual({ steps: 2 });
  expect(Date.parse(job.purge_at)).toBeGreaterThan(Date.parse(job.completed_at));
});

it("parameters are an empty object by default", async () => {
  const client = (await startTestGrpcServer()).client();

  const jobs = [await client.call("CreateJob", { type: "test.echo" }), await client.create("test.echo", {})];

  expect(jobs.map(({ parameters_json: parameters }) => parameters)).toEqual(["{}", "{}"]);
});

it("the same idempotency key gives the same job, over HTTP's fingerprint, too", async () => {
  const server = await startTestGrpcServer();
  const client = server.client();
  const request = { type: "test.echo", parameters_json: '{"a": 1}', idempotency_key: "order-7" };

  const first = await client.callWithMetadata("CreateJob", request);
  const again = await client.callWithMetadata("CreateJob", request);
  const elsewhere = await server.service.engine.submit(
    { type: "test.echo", parameters: { a: 1 } },
    { principal: LOCAL_PRINCIPAL, idempotencyKey: "order-7" },
  );

  expect(again.message.id).toBe(first.message.id);
  expect(elsewhere.job.id).toBe(first.message.id);
  expect(first.metadata.get("idempotent-replayed")).toEqual([]);
  expect(again.metadata.get("idempotent-replayed")).toEqual(["true"]);
});

it("the caller's trace is kept with the job, and the answer names the request", async () => {
  const server = await startTestGrpcServer();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  const { message, metadata } = await server
    .client({ metadata: { traceparent, tracestate: "vendor=1" } })
    .callWithMetadata("CreateJob", { type: "test.echo" });

  const job = await server.service.engine.get(message.id, { principal: LOCAL_PRINCIPAL });
  expect(job).toMatchObject({ traceparent, tracestate: "vendor=1", requestId: metadata.get("x-request-id")[0] });
});

it("CancelJob ends a waiting job and tells a running one", async () => {
  const server = await startTestGrpcServer();
  const client = server.client();
  const waiting = await client.create("test.gated", { gate: "a" }, { delay_ms: 3_600_000 });
  const running = await client.create("test.gated", { gate: "b" });
  await until(async () => (await client.call("GetJob", { job_id: running.id })).status === "PROCESSING", {
    what: "the job runs",
  });

  const cancelled = await client.call("CancelJob", { job_id: waiting.id });
  const told = await client.call("CancelJob", { job_id: running.id });

  expect(cancelled.status).toBe("CANCELLED");
  expect(told.cancel_requested).toBe(true);
  expect((await client.all("WatchJob", { job_id: running.id })).at(-1).type).toBe("job.cancelled");
});

it("cancelling what has finished is refused, and the error is a program's to read", async () => {
  const client = (await startTestGrpcServer()).client();
  const { id } = await client.create("test.echo");
  await client.all("WatchJob", { job_id: id });

  const error = await failure(client.call("CancelJob", { job_id: id }));

  expect(error.code).toBe(status.FAILED_PRECONDITION);
  expect(error.detailNames).toEqual(["type.googleapis.com/google.rpc.ErrorInfo"]);
  expect(error.details.ErrorInfo).toMatchObject({
    reason: "JOB_ALREADY_FINISHED",
    domain: "meanwhile",
    metadata: { jobId: id, jobStatus: "COMPLETED", requestId: error.requestId },
  });
});

it("wrong parameters name the field and the place inside it", async () => {
  const client = (await startTestGrpcServer()).client();

  const error = await failure(
    client.call("CreateJob", { type: "test.count", parameters_json: '{"steps":99}', priority: 7_000, run_at: "soon" }),
  );
  const inside = await failure(client.create("test.count", { steps: 99 }));

  expect(error.code).toBe(status.INVALID_ARGUMENT);
  expect(error.details.ErrorInfo.reason).toBe("INVALID_PARAMETERS");
  expect(error.details.BadRequest.field_violations.map(({ field }: { field: string }) => field)).toEqual(
    expect.arrayContaining(["priority", "run_at"]),
  );
  expect(inside.details.BadRequest.field_violations).toEqual([
    { field: "parameters_json/steps", description: expect.any(String) },
  ]);
});

it.each([
  ["no type", { parameters_json: "{}" }, "INVALID_PARAMETERS", "type"],
  ["an unknown type", { type: "test.nothing" }, "UNKNOWN_JOB_TYPE", "type"],
  ["parameters that are no JSON", { type: "test.echo", parameters_json: "{" }, "INVALID_REQUEST", "parameters_json"],
  [
    "parameters too deep",
    { type: "test.echo", parameters_json: "[".repeat(100) },
    "INVALID_REQUEST",
    "parameters_json",
  ],
  [
    "two instants",
    { type: "test.echo", run_at: "2026-11-22T09:00:00Z", delay_ms: 1 },
    "INVALID_PARAMETERS",
    "delay_ms",
  ],
  ["an empty key", { type: "test.echo", idempotency_key: "" }, "INVALID_REQUEST", "idempotency_key"],
  ["a missing key", { type: "test.keyed" }, "IDEMPOTENCY_KEY_MISSING", "idempotency_key"],
  ["no time at all", { type: "test.echo", timeout_ms: 0 }, "INVALID_PARAMETERS", "timeout_ms"],
  ["an absurd time", { type: "test.echo", delay_ms: "9223372036854775807" }, "INVALID_PARAMETERS", "delay_ms"],
])("%s is INVALID_ARGUMENT at its field", async (_, request, reason, field) => {
  const client = (await startTestGrpcServer()).client();

  const error = await failure(client.call("CreateJob", request));

  expect(error.code).toBe(status.INVALID_ARGUMENT);
  expect(error.details.ErrorInfo.reason).toBe(reason);
  expect(error.details.BadRequest.field_violations[0].field).toBe(field);
});

it.each(["GetJob", "CancelJob", "WatchJob"])("%s of nothing, of no id and of no job", async (method) => {
  const client = (await startTestGrpcServer()).client();
  const ask = (job_id: string) =>
    failure(method === "WatchJob" ? client.all(method, { job_id }) : client.call(method, { job_id }));

  const [none, noId, noJob] = [await ask(""), await ask("no uuid"), await ask(UNKNOWN_JOB)];

  expect([none.code, none.details.BadRequest.field_violations[0].field]).toEqual([status.INVALID_ARGUMENT, "job_id"]);
  expect([noId.code, noId.details.ErrorInfo.reason]).toEqual([status.NOT_FOUND, "JOB_NOT_FOUND"]);
  expect([noJob.code, noJob.details.ErrorInfo.reason]).toEqual([status.NOT_FOUND, "JOB_NOT_FOUND"]);
});

it("a refusal stays below what clients take of trailers, however much is wrong", async () => {
  const client = (await startTestGrpcServer()).client();
  const wrong = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`${"ü".repeat(200)}${index}`, index]));

  const error = await failure(client.create("test.count", wrong));

  expect(error.code).toBe(status.INVALID_ARGUMENT);
  expect(error.trailerBytes).toBeLessThan(8_192);
});

it("a request beyond 2 MiB is refused, and the connection lives", async () => {
  const client = (await startTestGrpcServer()).client();

  const error = await failure(client.create("test.echo", { text: "x".repeat(3 * 1024 * 1024) }));
  const large = await failure(client.create("test.echo", { text: "x".repeat(1.5 * 1024 * 1024) }));

  expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(large.details.ErrorInfo.reason).toBe("PAYLOAD_TOO_LARGE");
  expect((await client.create("test.echo")).status).toBeDefined();
});

it("a result of more than 256 KiB stays behind, and its address is told", async () => {
  const server = await startTestGrpcServer({ linkBase: "https://api.example.com" });
  const client = server.client();

  const updates = await client.all("SubmitJob", { type: "test.large", parameters_json: '{"bytes":300000}' });
  const job = await client.call("GetJob", { job_id: updates[0].job_id });

  const resultUrl = `https://api.example.com/api/v2/jobs/${job.id}/result`;
  expect(updates.at(-1)._result).toBeUndefined();
  expect(JSON.parse(updates.at(-1).data_json)).toEqual({ result: null, resultUrl });
  expect(job._result).toBeUndefined();
  expect(job.result_url).toBe(resultUrl);
});

it("ListJobs pages through the caller's jobs by their conditions", async () => {
  const server = await startTestGrpcServer();
  const client = server.client();
  for (const tag of ["a", "b", "a", "a"]) await client.create("test.echo", {}, { tags: [tag] });

  const first = await client.call("ListJobs", { tag: "a", page_size: 2 });
  const second = await client.call("ListJobs", { tag: "a", page_size: 2, page_token: first.next_page_token });

  expect(first.jobs).toHaveLength(2);
  expect(second).toMatchObject({ jobs: [{ tags: ["a"] }], next_page_token: "" });
  expect((await client.call("ListJobs", { status: "FAILED" })).jobs).toEqual([]);
  expect((await client.call("ListJobs", { created_after: "2999-01-01T00:00:00Z" })).jobs).toEqual([]);
});

it("a page is cut to what clients take in one message, and none is lost", async () => {
  const client = (await startTestGrpcServer()).client();
  const ids: string[] = [];
  for (let count = 0; count < 6; count++) {
    ids.unshift((await client.create("test.gated", { gate: `${count}${"x".repeat(900_000)}` })).id);
  }

  const listed: string[] = [];
  for (let page_token = ""; ; ) {
    const page = await client.call("ListJobs", { page_size: 200, page_token });
    listed.push(...page.jobs.map(({ id }: { id: string }) => id));
    page_token = page.next_page_token;
    if (page_token === "") break;
  }

  expect(listed).toEqual(ids);
});

it.each([
  [{ page_size: 201 }, "page_size"],
  [{ page_size: -1 }, "page_size"],
  [{ status: "DONE" }, "status"],
  [{ created_before: "yesterday" }, "created_before"],
  [{ callback_id: "a\0b" }, "callback_id"],
])("ListJobs refuses %j at its field", async (request, field) => {
  const client = (await startTestGrpcServer()).client();

  const error = await failure(client.call("ListJobs", request));

  expect(error.code).toBe(status.INVALID_ARGUMENT);
  expect(error.details.BadRequest.field_violations[0].field).toBe(field);
});

it("calls without credentials, and with wrong ones, are UNAUTHENTICATED", async () => {
  const server = await startTestGrpcServer({ tokens: { mw_ada: principalOf("ada") } });

  const none = await failure(server.client().call("ListJobs", {}));
  const wrong = await endOf(server.client({ token: "mw_bob" }).stream("WatchJob", { job_id: UNKNOWN_JOB }));

  expect([none.code, wrong.code]).toEqual([status.UNAUTHENTICATED, status.UNAUTHENTICATED]);
  expect(none.details.ErrorInfo.reason).toBe("UNAUTHENTICATED");
});

it("another owner's job does not exist", async () => {
  const server = await startTestGrpcServer({ tokens: { mw_ada: principalOf("ada"), mw_bob: principalOf("bob") } });
  const [ada, bob] = [server.client({ token: "mw_ada" }), server.client({ token: "mw_bob" })];
  const { id } = await ada.create("test.echo");

  const errors = await Promise.all([
    failure(bob.call("GetJob", { job_id: id })),
    failure(bob.call("CancelJob", { job_id: id })),
    failure(bob.all("WatchJob", { job_id: id })),
  ]);

  expect(errors.map(({ code }) => code)).toEqual([status.NOT_FOUND, status.NOT_FOUND, status.NOT_FOUND]);
  expect((await bob.call("ListJobs", {})).jobs).toEqual([]);
});

it("a key that may only submit gets no job without its updates", async () => {
  const submitter = principalOf("ada", ["jobs:submit"]);
  const server = await startTestGrpcServer({ tokens: { mw_ada: submitter, mw_reader: principalOf("ada") } });
  const client = server.client({ token: "mw_ada" });

  const error = await failure(client.all("SubmitJob", { type: "test.echo" }));

  expect([error.code, error.details.ErrorInfo.metadata.scope]).toEqual([status.PERMISSION_DENIED, "jobs:read"]);
  expect((await server.client({ token: "mw_reader" }).call("ListJobs", {})).jobs).toEqual([]);
  expect((await client.create("test.echo")).id).toBeDefined();
});

it("a store that is away is UNAVAILABLE, with the time to try again", async () => {
  const store = createMemoryStore({ clock: systemClock });
  const client = (await startTestGrpcServer({ store })).client();
  store.jobs.list = () =>
    Promise.reject(new AppError("store_unavailable", { message: "/data is full", cause: "disk", retryAfterMs: 7_000 }));

  const error = await failure(client.call("ListJobs", {}));

  expect([error.code, error.details.RetryInfo.retry_delay.seconds]).toEqual([status.UNAVAILABLE, 7]);
  expect(error.message).not.toContain("/data");
});

it("a fault of ours is INTERNAL, shows nothing of itself, and is found in the log", async () => {
  const store = createMemoryStore({ clock: systemClock });
  const server = await startTestGrpcServer({ store });
  store.jobs.list = () => Promise.reject(new Error("secret of the house"));

  const error = await failure(server.client().call("ListJobs", {}));

  expect(error.code).toBe(status.INTERNAL);
  expect(error.message).not.toContain("secret");
  expect(error.message).toContain(error.requestId);
  expect(server.complaints).toEqual([expect.stringContaining("secret of the house")]);
});
