// Submitting: what is refused, with which pointer; what a key gives back; what becomes of a batch.
import { ManualClock, makeId } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineJob } from "../definition/define-job.js";
import { AppError } from "../errors.js";
import { readJsonPayload } from "../job/payload.js";
import { LOCAL_PRINCIPAL, type Principal } from "../principal/principal.js";
import { createMemoryStore } from "../store/memory-store.js";
import { createHeldJob } from "../testing/held-job.js";
import { startTestService } from "../testing/test-service.js";
import { findUuids } from "./submit.js";

const access = { principal: LOCAL_PRINCIPAL };
const HOUR_MS = 3_600_000;

const report = defineJob({
  type: "report",
  parameters: z.strictObject({ month: z.int().min(1).max(12), rows: z.array(z.object({ id: z.int() })).optional() }),
  timeoutMs: 60_000,
  startWithinMs: HOUR_MS,
  run: () => null,
});
const keyed = defineJob({ type: "keyed", idempotencyKey: "required", run: () => null });
const jobs = [report, keyed];

describe("a submit", () => {
  it.each([
    ["no object", 7, "#", "invalid_parameters"],
    ["an unknown member", { type: "report", colour: 1 }, "#/colour", "invalid_parameters"],
    ["no type", {}, "#/type", "invalid_parameters"],
    ["a type that is not there", { type: "nothing" }, "#/type", "unknown_job_type"],
    ["a priority beyond the range", { type: "report", priority: 101 }, "#/priority", "invalid_parameters"],
    [
      "parameters that do not fit",
      { type: "report", parameters: { month: 13 } },
      "#/parameters/month",
      "invalid_parameters",
    ],
    [
      "a fault deep inside",
      { type: "report", parameters: { month: 1, rows: [{ id: 1 }, { id: "x" }] } },
      "#/parameters/rows/1/id",
      "invalid_parameters",
    ],
    ["parameters that are no object", { type: "report", parameters: [1] }, "#/parameters", "invalid_parameters"],
    [
      "text that cannot be stored",
      { type: "keyed", parameters: { "a/b": ["x\0"] } },
      "#/parameters/a~1b/0",
      "invalid_parameters",
    ],
    [
      "a longer timeout than the type's",
      { type: "report", parameters: { month: 1 }, timeoutMs: 60_001 },
      "#/timeoutMs",
      "invalid_parameters",
    ],
  ])("with %s is refused and says where", async (_, envelope, pointer, code) => {
    const { engine } = await startTestService(jobs, { worker: false });

    const refused = await refusal(engine.submit(envelope, { ...access, idempotencyKey: "key" }));

    expect(refused.code).toBe(code);
    expect(refused.faults.map((fault) => fault.pointer)).toContain(pointer);
  });

  it("of too large parameters is refused", async () => {
    const { engine } = await startTestService(jobs, { worker: false });
    const parameters = { text: "x".repeat(1024 * 1024) };

    await expect(
      engine.submit({ type: "keyed", parameters }, { ...access, idempotencyKey: "k" }),
    ).rejects.toMatchObject({
      code: "payload_too_large",
    });
  });

  it("is stored with what it said, and with the type's own where it said nothing", async () => {
    const service = await startTestService(jobs, { worker: false });
    const at = service.clock.now();

    const job = await service.submit(
      "report",
      { month: 2 },
      {
        delayMs: 500,
        completeWithinMs: HOUR_MS,
        retentionMs: 1_000,
        callbackId: "order 7",
        tags: ["nightly"],
        priority: -3,
      },
    );

    expect(await service.job(job.id)).toMatchObject({
      owner: "local",
      status: "PENDING",
      readiness: "delayed",
      createdAt: at,
      runAt: at + 500,
      startBy: at + 500 + HOUR_MS,
      completeBy: at + HOUR_MS,
      timeoutMs: 60_000,
      retentionMs: 1_000,
      callbackId: "order 7",
      tags: ["nightly"],
      priority: -3,
      attempt: 0,
      maxAttempts: 3,
      lastSeq: 1,
    });
    expect(readJsonPayload(job.parameters)).toEqual({ month: 2 });
  });

  it("for an instant in the past is due now", async () => {
    const service = await startTestService(jobs, { worker: false });

    const job = await service.submit("report", { month: 2 }, { runAt: "2020-01-01T00:00:00Z" });

    expect(job).toMatchObject({ readiness: "ready", runAt: service.clock.now() });
  });

  it("needs the scope for the type, and one more for a priority above 0", async () => {
    const { engine } = await startTestService(jobs, { worker: false });
    const envelope = { type: "report", parameters: { month: 1 } };

    await expect(engine.submit(envelope, as(["jobs:read"]))).rejects.toMatchObject({ code: "forbidden" });
    await expect(engine.submit(envelope, as(["jobs:submit:keyed"]))).rejects.toMatchObject({ code: "forbidden" });
    await engine.submit(envelope, as(["jobs:submit:report"]));
    await expect(engine.submit({ ...envelope, priority: 1 }, as(["jobs:submit"]))).rejects.toMatchObject({
      code: "forbidden",
      details: { scope: "jobs:priority" },
    });
    await engine.submit({ ...envelope, priority: 0 }, as(["jobs:submit"]));
    await engine.submit({ ...envelope, priority: 1 }, as(["jobs:submit", "jobs:priority"]));
  });

  it("is refused while the process goes away", async () => {
    const service = await startTestService(jobs, { worker: false });

    service.drain();

    await expect(service.submit("report", { month: 1 })).rejects.toMatchObject({ code: "shutting_down" });
  });

  it("looks the same on an idle server that begins it at once", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);

    const job = await service.submit("held");

    expect(job).toMatchObject({ status: "PENDING", attempt: 0, lastSeq: 1 });
    expect((await service.job(job.id)).status).toBe("PROCESSING");
  });
});

describe("an idempotency key", () => {
  it("gives the same job again, as it is now, whatever the order of the members", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const first = await service.engine.submit(
      { type: "held", parameters: { a: 1, b: 2 } },
      { ...access, idempotencyKey: "key" },
    );
    (await held.attempt(1)).complete("done");
    await service.reaches(first.job.id, "COMPLETED");

    const again = await service.engine.submit(
      { parameters: { b: 2, a: 1 }, type: "held" },
      { ...access, idempotencyKey: "key" },
    );

    expect(again).toMatchObject({ replayed: true, job: { id: first.job.id, status: "COMPLETED" } });
    expect(held.attempts).toHaveLength(1);
  });

  it("makes one job of many submits at once", async () => {
    const service = await startTestService(jobs, { worker: false });
    const submits = Array.from({ length: 20 }, () => service.submit("report", { month: 1 }, {}, "key"));

    const ids = new Set((await Promise.all(submits)).map(({ id }) => id));

    expect(ids.size).toBe(1);
  });

  it("with another request is refused and names the job", async () => {
    const service = await startTestService(jobs, { worker: false });
    const first = await service.submit("report", { month: 1 }, {}, "key");

    const refused = await refusal(service.submit("report", { month: 2 }, {}, "key"));

    expect(refused).toMatchObject({ code: "idempotency_key_reused", details: { key: "key", jobId: first.id } });
  });

  it("belongs to its owner", async () => {
    const { engine } = await startTestService(jobs, { worker: false });
    const envelope = { type: "report", parameters: { month: 1 } };

    const ours = await engine.submit(envelope, { ...access, idempotencyKey: "key" });
    const theirs = await engine.submit(envelope, { ...as(null, "other"), idempotencyKey: "key" });

    expect(theirs.job.id).not.toBe(ours.job.id);
  });

  it("of a purged job says so, with its id", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const job = await service.submit("held", {}, {}, "key");
    (await held.attempt(1)).complete();
    await service.reaches(job.id, "COMPLETED");
    await service.engine.purge(job.id, access);

    const refused = await refusal(service.submit("held", {}, {}, "key"));

    expect(refused).toMatchObject({ code: "job_purged", details: { jobId: job.id } });
  });

  it("may be required by the type", async () => {
    const service = await startTestService(jobs, { worker: false });

    await expect(service.submit("keyed")).rejects.toMatchObject({ code: "idempotency_key_missing" });
    await service.submit("keyed", {}, {}, "key");
  });
});

describe("a batch", () => {
  const item = (month: number) => ({ type: "report", parameters: { month } });

  it("is stored whole, in order", async () => {
    const service = await startTestService(jobs, { worker: false });

    const submitted = await service.engine.submitBatch([item(1), item(2), item(3)], access);

    const stored = await Promise.all(submitted.map(({ job }) => service.job(job.id)));
    expect(stored.map(({ parameters }) => readJsonPayload(parameters))).toEqual([
      { month: 1 },
      { month: 2 },
      { month: 3 },
    ]);
  });

  it("with one bad item stores none, and says which", async () => {
    const service = await startTestService(jobs, { worker: false });

    const refused = await refusal(service.engine.submitBatch([item(1), item(13)], access));

    expect(refused.faults[0]!.pointer).toBe("#/jobs/1/parameters/month");
    expect((await service.engine.list({ limit: 10 }, access)).items).toEqual([]);
  });

  it("with one key that was used otherwise stores none", async () => {
    const service = await startTestService(jobs, { worker: false });
    await service.submit("report", { month: 9 }, {}, "taken");

    const refused = await refusal(
      service.engine.submitBatch([item(1), { ...item(2), idempotencyKey: "taken" }], access),
    );

    expect(refused.code).toBe("idempotency_key_reused");
    expect((await service.engine.list({ limit: 10 }, access)).items).toHaveLength(1);
  });

  it.each([
    ["no list", {}],
    ["none", []],
    ["too many", Array.from({ length: 1_001 }, () => item(1))],
  ])("of %s is refused", async (_, items) => {
    const { engine } = await startTestService(jobs, { worker: false });

    const refused = await refusal(engine.submitBatch(items, access));

    expect(refused).toMatchObject({ code: "invalid_parameters", faults: [{ pointer: "#/jobs" }] });
  });

  it("under one key gives the same jobs again, and refuses another batch", async () => {
    const { engine } = await startTestService(jobs, { worker: false });
    const options = { ...access, idempotencyKey: "batch" };
    const first = await engine.submitBatch([item(1), item(1)], options);

    const again = await engine.submitBatch([item(1), item(1)], options);
    const refused = await refusal(engine.submitBatch([item(1), item(2)], options));

    expect(again.map(({ job, replayed }) => [job.id, replayed])).toEqual(first.map(({ job }) => [job.id, true]));
    expect(new Set(first.map(({ job }) => job.id)).size).toBe(2);
    expect(refused).toMatchObject({ code: "idempotency_key_reused", details: { key: "batch" } });
  });
});

describe("a queue's limit", () => {
  const limited = defineJob({ type: "limited", queueLimit: 3, concurrency: 2, run: () => null });

  it("refuses beyond it, and says when to come again", async () => {
    const service = await startTestService([limited], { worker: false });
    for (let index = 0; index < 3; index++) await service.submit("limited");

    const refused = await refusal(service.submit("limited"));

    expect(refused).toMatchObject({ code: "queue_full", details: { type: "limited", queueLimit: 3 } });
    expect(refused.retryAfterMs).toBeGreaterThanOrEqual(1_000);
  });

  it("counts a batch as a whole", async () => {
    const service = await startTestService([limited], { worker: false });
    const item = { type: "limited" };

    await expect(service.engine.submitBatch([item, item, item, item], access)).rejects.toMatchObject({
      code: "queue_full",
    });
    await service.engine.submitBatch([item, item, item], access);
  });

  it("answers what it had accepted before, by its key, however full it is", async () => {
    const service = await startTestService([limited], { worker: false });
    const first = await service.engine.submit({ type: "limited" }, { ...access, idempotencyKey: "mine" });
    await service.submit("limited");
    await service.submit("limited");

    const again = await service.engine.submit({ type: "limited" }, { ...access, idempotencyKey: "mine" });
    const other = refusal(
      service.engine.submit({ type: "limited", priority: -1 }, { ...access, idempotencyKey: "mine" }),
    );

    expect(again).toMatchObject({ replayed: true, job: { id: first.job.id } });
    expect(await other).toMatchObject({ code: "queue_full" });
  });

  it("lets in again when the queue has shrunk and was counted again", async () => {
    const clock = new ManualClock();
    const store = createMemoryStore({ clock });
    const service = await startTestService([limited], { clock, store, worker: false });
    const first = await service.submit("limited");
    await service.submit("limited");
    await service.submit("limited");
    await service.engine.cancel(first.id, access);

    await expect(service.submit("limited")).rejects.toMatchObject({ code: "queue_full" });
    await service.pass(250);

    await service.submit("limited");
  });
});

describe("files in parameters", () => {
  it("are found wherever they are named, once each", () => {
    const [one, other] = [makeId(), makeId()];

    expect(findUuids(JSON.stringify({ file: one, more: [{ file: other }, one] }))).toEqual([one, other]);
    expect(findUuids("{}")).toEqual([]);
  });
});

async function refusal(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

function as(scopes: Principal["scopes"], owner = "local"): { principal: Principal } {
  return { principal: { ...LOCAL_PRINCIPAL, owner, scopes } };
}
