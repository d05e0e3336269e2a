// What can be done with a job: reading it, waiting for it, cancelling it, running it again, erasing it.
import { ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { readJsonPayload } from "../job/payload.js";
import { LOCAL_PRINCIPAL, type Principal } from "../principal/principal.js";
import { createMemoryStore } from "../store/memory-store.js";
import { createHeldJob } from "../testing/held-job.js";
import { withJobs } from "../testing/store-wrappers.js";
import { nextTurns, startTestService } from "../testing/test-service.js";

const access = { principal: LOCAL_PRINCIPAL };
const stranger = { principal: { ...LOCAL_PRINCIPAL, owner: "other", name: "other" } };

describe("another owner's job", () => {
  it("answers every verb as if it did not exist", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const { id } = await service.submit("held");
    const { engine } = service;

    const verbs = [
      engine.get(id, stranger),
      engine.wait(id, { ...stranger, timeoutMs: 10 }),
      engine.cancel(id, stranger),
      engine.rerun(id, stranger),
      engine.purge(id, stranger),
      engine.events(id, { ...stranger, after: 0, limit: 1 }),
      engine.logs(id, { ...stranger, after: 0, limit: 1, minLevel: "info" }),
    ];

    for (const verb of verbs) await expect(verb).rejects.toMatchObject({ code: "job_not_found" });
    expect((await engine.list({ limit: 10 }, stranger)).items).toEqual([]);
  });

  it("is seen by an administrator", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const { id } = await service.submit("held");
    const admin = { principal: { ...stranger.principal, scopes: ["jobs:admin", "jobs:read"] } };

    expect((await service.engine.get(id, admin)).id).toBe(id);
    expect((await service.engine.list({ limit: 10 }, admin)).items).toHaveLength(1);
  });
});

describe("scopes", () => {
  it("are asked for by each verb", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const { id } = await service.submit("held");
    const { engine } = service;
    const none = as([]);

    const verbs = [
      engine.get(id, none),
      engine.list({ limit: 1 }, none),
      engine.cancel(id, none),
      engine.purge(id, none),
      engine.logs(id, { ...none, after: 0, limit: 1, minLevel: "info" }),
    ];

    for (const verb of verbs) await expect(verb).rejects.toMatchObject({ code: "forbidden" });
  });

  it.each(["not-a-uuid", "0199C0DE-7A10-7C3E-9B0A-3F5D6A1B2C3D", ""])(
    "and an id such as %j is just not there",
    async (id) => {
      const { engine } = await startTestService([createHeldJob().definition], { worker: false });

      await expect(engine.get(id, access)).rejects.toMatchObject({ code: "job_not_found" });
    },
  );
});

describe("wait", () => {
  it("resolves when the job ends, and at once where it has ended", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const { id } = await service.submit("held");
    const attempt = await held.attempt(1);

    const waiting = service.engine.wait(id, { ...access, timeoutMs: 60_000 });
    await nextTurns();
    attempt.complete();

    expect((await waiting).status).toBe("COMPLETED");
    expect((await service.engine.wait(id, { ...access, timeoutMs: 60_000 })).status).toBe("COMPLETED");
  });

  it("resolves with the job as it is when the time is up or the caller goes, and leaves no timer", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition], { worker: false });
    const { id } = await service.submit("held");
    const before = service.clock.pendingTimers;
    const leaving = new AbortController();

    const patient = service.engine.wait(id, { ...access, timeoutMs: 500 });
    const gone = service.engine.wait(id, { ...access, timeoutMs: 60_000, signal: leaving.signal });
    await nextTurns();
    leaving.abort();
    expect((await gone).status).toBe("PENDING");
    service.clock.advance(500);
    expect((await patient).status).toBe("PENDING");
    await service.pass(1_000);

    expect(service.clock.pendingTimers).toBe(before);
  });

  it("resolves as soon as the job has moved beyond what the caller has seen", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const { id } = await service.submit("held");
    const attempt = await held.attempt(1);

    const waiting = service.engine.wait(id, { ...access, timeoutMs: 60_000, until: ({ lastSeq }) => lastSeq !== 2 });
    await nextTurns();
    await attempt.context.output("a");

    expect(await waiting).toMatchObject({ status: "PROCESSING", lastSeq: 3 });
  });

  it("hears of an end that came between its two looks", async () => {
    const held = createHeldJob();
    const clock = new ManualClock();
    const memory = createMemoryStore({ clock });
    let finish: (() => Promise<void>) | undefined;
    const store = withJobs(memory, (jobs) => ({
      async find(jobId) {
        const job = await jobs.find(jobId);
        const first = finish;
        finish = undefined;
        await first?.();
        return job;
      },
    }));
    const service = await startTestService([held.definition], { clock, store });
    const { id } = await service.submit("held");
    const attempt = await held.attempt(1);
    finish = async () => {
      attempt.complete();
      await until(async () => (await memory.jobs.find(id))?.status === "COMPLETED", { what: "the job is over" });
    };

    const waited = await service.engine.wait(id, { ...access, timeoutMs: 60_000 });

    expect(waited.status).toBe("COMPLETED");
  });
});

describe("cancel", () => {
  it("ends a waiting job at once, also one that waits for its time or for a retry", async () => {
    const held = createHeldJob({ retry: { initialDelayMs: 1_000 } });
    const service = await startTestService([held.definition], { random: () => 0.9 });
    const delayed = await service.submit("held", {}, { delayMs: 5_000 });
    const retrying = await service.submit("held");
    (await held.attempt(1)).fail(new Error("broken"));
    await service.reaches(retrying.id, "PENDING");

    for (const { id } of [delayed, retrying]) {
      expect(await service.engine.cancel(id, access)).toMatchObject({
        outcome: "cancelled",
        job: { status: "CANCELLED", cancelRequestedBy: "local" },
      });
    }
    await service.pass(6_000);

    expect(held.attempts).toHaveLength(1);
  });

  it("again answers the same, before and after the end", async () => {
    const held = createHeldJob({ deaf: true });
    const service = await startTestService([held.definition]);
    const { id } = await service.submit("held");
    const attempt = await held.attempt(1);

    expect((await service.engine.cancel(id, access)).outcome).toBe("requested");
    expect((await service.engine.cancel(id, access)).outcome).toBe("requested");
    attempt.fail(new Error("stopped"));
    await service.reaches(id, "CANCELLED");

    expect((await service.engine.cancel(id, access)).outcome).toBe("cancelled");
    expect((await service.told(id)).filter((type) => type === "cancel_requested")).toHaveLength(1);
  });

  it("of a job that ended otherwise is refused", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const { id } = await service.submit("held");
    (await held.attempt(1)).complete();
    await service.reaches(id, "COMPLETED");

    await expect(service.engine.cancel(id, access)).rejects.toMatchObject({ code: "job_already_finished" });
  });

  it("decides again where a claim came in between", async () => {
    const held = createHeldJob();
    const clock = new ManualClock();
    const memory = createMemoryStore({ clock });
    let claimed = false;
    const store = withJobs(memory, (jobs) => ({
      async commit(changes, options) {
        if (!claimed) {
          claimed = true;
          const types = [{ type: "held", limit: 1 }];
          await jobs.claim({ workerId: "elsewhere", leaseToken: "token", leaseMs: 10_000, types });
        }
        return jobs.commit(changes, options);
      },
    }));
    const service = await startTestService([held.definition], { clock, store, worker: false });
    const { id } = await service.submit("held");

    const { outcome, job } = await service.engine.cancel(id, access);

    expect(outcome).toBe("requested");
    expect(job).toMatchObject({ status: "PROCESSING", cancelRequestedBy: "local" });
  });
});

describe("rerun", () => {
  it("makes a new job of the same request", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const first = await service.submit(
      "held",
      { month: 5 },
      { tags: ["nightly"], callbackId: "7", retentionMs: 5_000 },
    );
    (await held.attempt(1)).complete();
    await service.reaches(first.id, "COMPLETED");

    const { job } = await service.engine.rerun(first.id, access);

    expect(job).toMatchObject({
      rerunOf: first.id,
      tags: ["nightly"],
      callbackId: "7",
      retentionMs: 5_000,
      attempt: 0,
    });
    expect(readJsonPayload(job.parameters)).toEqual({ month: 5 });
    expect((await held.attempt(2)).jobId).toBe(job.id);
  });

  it("is refused before the end, and keeps to its key", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const first = await service.submit("held");
    const attempt = await held.attempt(1);

    await expect(service.engine.rerun(first.id, access)).rejects.toMatchObject({ code: "job_not_finished" });
    attempt.complete();
    await service.reaches(first.id, "COMPLETED");
    const options = { ...access, idempotencyKey: "again" };
    const once = await service.engine.rerun(first.id, options);
    const twice = await service.engine.rerun(first.id, options);

    expect(twice).toMatchObject({ replayed: true, job: { id: once.job.id } });
  });
});

describe("purge", () => {
  it("erases a finished job: it is gone for its owner, and never was for others", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const { id } = await service.submit("held");
    const attempt = await held.attempt(1);

    await expect(service.engine.purge(id, access)).rejects.toMatchObject({ code: "job_not_finished" });
    attempt.complete();
    await service.reaches(id, "COMPLETED");
    await service.engine.purge(id, access);

    await expect(service.engine.get(id, access)).rejects.toMatchObject({ code: "job_purged" });
    await expect(service.engine.get(id, stranger)).rejects.toMatchObject({ code: "job_not_found" });
    await expect(service.engine.purge(id, access)).rejects.toMatchObject({ code: "job_purged" });
  });

  it("is what a job's retention comes to, before any chore has run", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const { id } = await service.submit("held", {}, { retentionMs: 1_000 });
    (await held.attempt(1)).complete();
    await service.reaches(id, "COMPLETED");

    service.clock.advance(999);
    expect((await service.engine.get(id, access)).status).toBe("COMPLETED");
    service.clock.advance(1);

    await expect(service.engine.get(id, access)).rejects.toMatchObject({ code: "job_purged" });
    expect((await service.engine.list({ limit: 10 }, access)).items).toEqual([]);
  });
});

describe("queue position", () => {
  it("counts what would be claimed before, and is nothing for a job that is not ready", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition], { worker: false });
    const first = await service.submit("held");
    const second = await service.submit("held");
    const urgent = await service.engine.submit({ type: "held", priority: 5 }, access);
    const delayed = await service.submit("held", {}, { delayMs: 1_000 });

    expect(await service.engine.queuePosition(urgent.job)).toBe(1);
    expect(await service.engine.queuePosition(first)).toBe(2);
    expect(await service.engine.queuePosition(second)).toBe(3);
    expect(await service.engine.queuePosition(delayed)).toBeNull();
  });
});

describe("a page of events", () => {
  it("says where the log ends", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const { id } = await service.submit("held");
    const attempt = await held.attempt(1);

    expect(await service.engine.events(id, { ...access, after: 0, limit: 10 })).toMatchObject({ ended: false });
    attempt.complete("done");
    await service.reaches(id, "COMPLETED");

    const { events, ended } = await service.engine.events(id, { ...access, after: 1, limit: 10 });
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ["job.started", { attempt: 1, workerId: expect.any(String) }],
      ["job.completed", { result: "done" }],
    ]);
    expect(ended).toBe(true);
    expect((await service.engine.events(id, { ...access, after: 1, limit: 1 })).ended).toBe(false);
    expect((await service.engine.events(id, { ...access, after: 3, limit: 1 })).ended).toBe(true);
  });
});

function as(scopes: Principal["scopes"]): { principal: Principal } {
  return { principal: { ...LOCAL_PRINCIPAL, scopes } };
}
