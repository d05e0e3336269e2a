// The worker: how many jobs it takes and begins, what it gives back, how it stops.
import { Gate, ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { createMemoryStore } from "../store/memory-store.js";
import { createHeldJob } from "../testing/held-job.js";
import { withJobs } from "../testing/store-wrappers.js";
import { startTestService } from "../testing/test-service.js";

describe("slots", () => {
  it("runs at most as many attempts of a type at once as it allows, in the order of their submits", async () => {
    const held = createHeldJob({ concurrency: 2 });
    const service = await startTestService([held.definition]);

    const first = await service.submit("held");
    const second = await service.submit("held");
    const third = await service.submit("held");
    await held.attempt(2);

    expect(held.attempts.map(({ jobId }) => jobId)).toEqual([first.id, second.id]);
    expect((await service.job(third.id)).status).toBe("PENDING");

    held.attempts[0]!.complete();

    expect((await held.attempt(3)).jobId).toBe(third.id);
  });

  it("runs at most `concurrency` attempts of all types together", async () => {
    const one = createHeldJob({ type: "one" });
    const other = createHeldJob({ type: "other" });
    const service = await startTestService([one.definition, other.definition], { worker: { concurrency: 1 } });

    const [first, second] = await Promise.all([service.submit("one"), service.submit("other")]);
    await until(() => one.attempts.length + other.attempts.length > 0, { what: "one of them begins" });

    expect([(await service.job(first.id)).status, (await service.job(second.id)).status].sort()).toEqual([
      "PENDING",
      "PROCESSING",
    ]);
  });

  it("begins a job of another type as soon as the shared slot is free", async () => {
    const one = createHeldJob({ type: "one" });
    const other = createHeldJob({ type: "other" });
    const service = await startTestService([one.definition, other.definition], {
      worker: { concurrency: 1 },
      started: false,
    });
    await service.submit("one");
    const waiting = await service.submit("other");
    await service.start();
    const running = await one.attempt(1);

    running.complete();

    // The clock stands still: no poll may be needed for it.
    expect((await other.attempt(1)).jobId).toBe(waiting.id);
  });

  it("counts slots that are kept for jobs about to be stored", async () => {
    const held = createHeldJob({ concurrency: 1 });
    const service = await startTestService([held.definition]);
    await until(async () => (await service.engine.list({ limit: 1 }, { principal })).items.length === 0, {
      what: "the worker has looked",
    });

    const jobs = await Promise.all([service.submit("held"), service.submit("held"), service.submit("held")]);
    await held.attempt(1);
    const statuses = await Promise.all(jobs.map(async ({ id }) => (await service.job(id)).status));

    expect(statuses.sort()).toEqual(["PENDING", "PENDING", "PROCESSING"]);
    expect(held.attempts).toHaveLength(1);
  });

  it("keeps no slot for a replay whose job cannot be read", async () => {
    const held = createHeldJob({ concurrency: 1 });
    const clock = new ManualClock();
    let unreadable = false;
    const store = withJobs(createMemoryStore({ clock }), (jobs) => ({
      find: (jobId) => (unreadable ? Promise.reject(new Error("unreadable")) : jobs.find(jobId)),
    }));
    const service = await startTestService([held.definition], { clock, store });
    const first = await service.submit("held", {}, {}, "key");
    (await held.attempt(1)).complete();
    await service.reaches(first.id, "COMPLETED");

    unreadable = true;
    await expect(service.submit("held", {}, {}, "key")).rejects.toThrow("unreadable");
    unreadable = false;
    await Promise.all([service.submit("held"), service.submit("held")]);
    await held.attempt(2);

    expect(held.attempts).toHaveLength(2);
  });

  it("runs a thousand buffered jobs whose handlers end at once", async () => {
    let runs = 0;
    const quick = defineJob({ type: "quick", concurrency: 1, run: () => ++runs });
    const service = await startTestService([quick], { started: false });
    const items = Array.from({ length: 1_000 }, () => ({ type: "quick" }));
    for (let batch = 0; batch < 4; batch++) await service.engine.submitBatch(items, { principal });

    await service.start();
    await until(() => runs === 4_000, { what: "all have run" });
    const failed = () => service.engine.list({ status: "COMPLETED", limit: 5_000 }, { principal });

    await until(async () => (await failed()).items.length === 4_000, { what: "all are COMPLETED" });
  });
});

describe("claiming ahead", () => {
  it("hands back after a second what it claimed ahead and did not begin, and stops claiming ahead", async () => {
    const { service, other, jobIds } = await withBufferedJobs();

    service.clock.advance(3_000);
    await until(async () => (await service.job(jobIds[1]!)).readiness === "ready", { what: "it is handed back" });
    for (let second = 0; second < 5; second++) {
      service.clock.advance(1_000);
      await other(second);
    }

    expect(await service.told(jobIds[1]!)).toEqual(["submitted", "started", "retrying"]);
    expect(await service.job(jobIds[1]!)).toMatchObject({ status: "PENDING", attempt: 0 });
  });

  it("forgets a buffered job whose lease it lost", async () => {
    const { service, release, jobIds, starts } = await withBufferedJobs();
    const buffered = jobIds[1]!;
    const lease = (await service.job(buffered)).lease!;
    await service.store.jobs.commit([
      {
        jobId: buffered,
        guard: { status: "PROCESSING", leaseToken: lease.token },
        patch: { status: "CANCELLED", readiness: null, releaseLease: true, completedAt: 1, purgeAt: 9e15 },
        events: [],
        at: service.clock.now(),
      },
    ]);

    service.clock.advance(300);
    await until(() => starts.length === 1, { what: "only the long one has begun" });
    release();
    await service.reaches(jobIds[2]!, "COMPLETED");

    expect(starts).not.toContain(buffered);
  });

  /** A type that was short and then is not: its one slot is taken, and others are claimed ahead. */
  async function withBufferedJobs() {
    const gate = new Gate();
    const starts: string[] = [];
    const mixed = defineJob({
      type: "mixed",
      concurrency: 1,
      timeoutMs: false,
      run: async ({ parameters, job }) => {
        if (parameters.training === true) return;
        starts.push(job.id);
        if (parameters.long === true) await gate.passed;
      },
    });
    const service = await startTestService([mixed], { worker: { leaseMs: 900 } });
    for (let index = 0; index < 3; index++) {
      await service.reaches((await service.submit("mixed", { training: true })).id, "COMPLETED");
    }
    const batch = [{ long: true }, {}, {}].map((parameters) => ({ type: "mixed", parameters }));
    const submitted = await service.engine.submitBatch(batch, { principal });
    const jobIds = submitted.map(({ job }) => job.id);
    await until(async () => (await service.job(jobIds[1]!)).status === "PROCESSING", { what: "it is claimed ahead" });
    const other = (_turn: number) => service.engine.list({ limit: 1 }, { principal });
    return { service, release: () => gate.open(), jobIds, starts, other };
  }
});

describe("stop", () => {
  it("waits for what runs, and hands back what is still running after the grace, uncounted", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const ends = await service.submit("held");
    const stays = await service.submit("held");
    await held.attempt(2);

    const stopped = service.stop({ graceMs: 1_000 });
    held.attempts[0]!.complete("done");
    await service.reaches(ends.id, "COMPLETED");
    service.clock.advance(1_000);
    await stopped;

    expect(held.attempts[1]!.abortedBy()).toBe("stopping");
    expect(await service.job(stays.id)).toMatchObject({
      status: "PENDING",
      readiness: "ready",
      attempt: 0,
      lease: null,
    });
    expect(await service.told(stays.id)).toEqual(["submitted", "started", "retrying"]);
  });

  it("does not wait for a handler that never looks at its signal", async () => {
    const deaf = createHeldJob({ deaf: true });
    const service = await startTestService([deaf.definition]);
    const job = await service.submit("held");
    await deaf.attempt(1);

    const stopped = service.stop({ graceMs: 500 });
    service.clock.advance(500);
    await until(
      async () => {
        service.clock.advance(0);
        return (await service.job(job.id)).status === "PENDING";
      },
      { what: "it is handed back" },
    );

    await stopped;
  });

  it("hands back what a claim brought while it stopped", async () => {
    const held = createHeldJob();
    const clock = new ManualClock();
    const gate = new Gate();
    let claims = 0;
    const store = withJobs(createMemoryStore({ clock }), (jobs) => ({
      async claim(request) {
        const claimed = await jobs.claim(request);
        if (claimed.length > 0) {
          claims++;
          await gate.passed;
        }
        return claimed;
      },
    }));
    const service = await startTestService([held.definition], { clock, store, started: false });
    const job = await service.submit("held");
    await service.start();
    await until(() => claims === 1, { what: "the claim is under way" });

    const stopped = service.stop({ graceMs: 0 });
    gate.open();
    await stopped;

    expect(await service.job(job.id)).toMatchObject({ status: "PENDING", readiness: "ready", attempt: 0 });
    expect(held.attempts).toHaveLength(0);
  });

  it("leaves no timer behind", async () => {
    const held = createHeldJob({ timeoutMs: 5_000 });
    const service = await startTestService([held.definition]);
    const job = await service.submit("held");
    (await held.attempt(1)).complete();
    await service.reaches(job.id, "COMPLETED");

    await service.stop({ graceMs: 0 });

    expect(service.clock.pendingTimers).toBe(0);
  });
});

describe("options", () => {
  it("refuses a type that is not there", async () => {
    const { definition } = createHeldJob();

    await expect(startTestService([definition], { worker: { types: ["other"] } })).rejects.toThrow(
      'worker.types names "other", but there is no such job type.',
    );
  });

  it("runs only the types that it is told to", async () => {
    const one = createHeldJob({ type: "one" });
    const other = createHeldJob({ type: "other" });
    const service = await startTestService([one.definition, other.definition], { worker: { types: ["other"] } });

    await service.submit("one");
    await service.submit("other");
    await other.attempt(1);

    expect(one.attempts).toHaveLength(0);
  });
});

const principal = { owner: "local", name: "local", scopes: null, expiresAt: null, credentialId: null };
