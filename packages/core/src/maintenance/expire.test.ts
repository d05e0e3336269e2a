// What the clock decides: leases that ran out, starts and deadlines that were missed.
import { ManualClock, makeLease, makeNewJob } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { createWriter } from "../batch/writer.js";
import { createCatalog } from "../definition/catalog.js";
import { defineJob } from "../definition/define-job.js";
import { createWakeups } from "../event/wakeups.js";
import type { Job } from "../job/job.js";
import { silentLogger } from "../logger.js";
import { createMemoryStore } from "../store/memory-store.js";
import { createOutage } from "../testing/store-wrappers.js";
import { createExpireDeadlines, createExpireLeases, createExpireStarts } from "./expire.js";

const LEASE_MS = 10_000;

describe("expire-leases", () => {
  it("gives every lease one full lease after a start before it takes any", async () => {
    const { leases, clock, insert, job } = given();
    const overdue = await insert({ status: "PROCESSING", lease: makeLease({ expiresAt: clock.now() - 60_000 }) });

    await leases.runOnce();
    await everySecond(leases, clock, 9);
    expect((await job(overdue)).status).toBe("PROCESSING");
    await everySecond(leases, clock, 1);

    expect(await job(overdue)).toMatchObject({ status: "PENDING", lease: null, attempt: 1 });
  });

  it("gives it again where it could not sweep for half a lease: nobody could extend anything either", async () => {
    const { leases, clock, insert, job } = given();
    await everySecond(leases, clock, 20);
    const held = await insert({ status: "PROCESSING", lease: makeLease({ expiresAt: clock.now() + 1_000 }) });

    clock.advance(6_000);
    await leases.runOnce();
    await everySecond(leases, clock, 9);
    expect((await job(held)).status).toBe("PROCESSING");
    await everySecond(leases, clock, 1);

    expect((await job(held)).status).toBe("PENDING");
  });

  it("does not count a sweep that the store did not answer", async () => {
    const { leases, clock, insert, job, outage } = given();
    await everySecond(leases, clock, 20);
    const held = await insert({ status: "PROCESSING", lease: makeLease({ expiresAt: clock.now() + 1_000 }) });

    outage.begin();
    for (let second = 0; second < 8; second++) {
      clock.advance(1_000);
      await expect(leases.runOnce()).rejects.toMatchObject({ code: "store_unavailable" });
    }
    outage.end();
    clock.advance(1_000);
    await leases.runOnce();

    expect((await job(held)).status).toBe("PROCESSING");
  });

  it("takes a lease soon after its end where it sweeps all the time", async () => {
    const { leases, clock, insert, job } = given();
    await everySecond(leases, clock, 20);
    const held = await insert({ status: "PROCESSING", lease: makeLease({ expiresAt: clock.now() + 1_500 }) });

    await everySecond(leases, clock, 1);
    expect((await job(held)).status).toBe("PROCESSING");
    await everySecond(leases, clock, 1);

    expect((await job(held)).status).toBe("PENDING");
  });

  it.each([
    ["retries, with the wait of the type's policy", {}, { status: "PENDING", readiness: "delayed" }],
    ["fails after the last attempt", { attempt: 3 }, { status: "FAILED", error: { code: "lease_expired" } }],
    ["cancels where somebody wished so", { cancelRequestedBy: "ada" }, { status: "CANCELLED" }],
    ["fails beyond the deadline", { completeBy: 1 }, { status: "FAILED", error: { code: "deadline_exceeded" } }],
    ["requires a rollback where steps are done", { attempt: 3, undoSteps: ["pay"] }, { status: "ROLLBACK_REQUIRED" }],
  ] as const)("%s", async (_, row: Partial<Job>, expected) => {
    const { leases, clock, insert, job } = given();
    await everySecond(leases, clock, 20);
    const held = await insert({ status: "PROCESSING", lease: makeLease({ expiresAt: clock.now() }), ...row });

    await leases.runOnce();

    expect(await job(held)).toMatchObject(expected);
  });

  it("leaves a lease alone that a heartbeat saved in between", async () => {
    const { leases, clock, insert, job, store } = given();
    await everySecond(leases, clock, 20);
    const lease = makeLease({ expiresAt: clock.now() });
    const held = await insert({ status: "PROCESSING", lease });

    const sweeping = leases.runOnce();
    await store.jobs.extendLeases([{ jobId: held, leaseToken: lease.token }], { byMs: LEASE_MS });
    await sweeping;

    expect((await job(held)).status).toBe("PROCESSING");
  });

  it("takes as many as there are, in several batches", async () => {
    const { leases, clock, store } = given();
    await everySecond(leases, clock, 20);
    const many = Array.from({ length: 450 }, () =>
      makeNewJob({ status: "PROCESSING", lease: makeLease({ expiresAt: clock.now() - 1 }) }),
    );
    await store.jobs.insert(many.map((each) => [each]));

    await leases.runOnce();

    expect(await store.jobs.findDue("lease", { limit: 10 })).toEqual([]);
  });
});

describe("expire-starts", () => {
  it("fails what never started by `startBy`, and nothing else", async () => {
    const { starts, clock, insert, job } = given();
    const at = clock.now();
    const late = await insert({ startBy: at });
    const early = await insert({ startBy: at + 1 });
    const retrying = await insert({ startBy: at, startedAt: at - 5, attempt: 1 });
    const blocked = await insert({ startBy: at, readiness: "blocked" });

    await starts.runOnce();

    expect(await job(late)).toMatchObject({ status: "FAILED", error: { code: "expired" } });
    expect((await job(blocked)).status).toBe("FAILED");
    expect((await job(early)).status).toBe("PENDING");
    expect((await job(retrying)).status).toBe("PENDING");
  });
});

describe("expire-deadlines", () => {
  it("fails what waits beyond `completeBy`, also between two attempts; what runs is its worker's", async () => {
    const { deadlines, clock, insert, job } = given();
    const at = clock.now();
    const waiting = await insert({ completeBy: at });
    const retrying = await insert({
      completeBy: at,
      attempt: 1,
      startedAt: at - 5,
      readiness: "delayed",
      runAt: at + 9,
    });
    const running = await insert({ completeBy: at, status: "PROCESSING" });

    await deadlines.runOnce();

    expect(await job(waiting)).toMatchObject({ status: "FAILED", error: { code: "deadline_exceeded" } });
    expect((await job(retrying)).status).toBe("FAILED");
    expect((await job(running)).status).toBe("PROCESSING");
  });
});

function given() {
  const clock = new ManualClock();
  const memory = createMemoryStore({ clock });
  const outage = createOutage();
  const store = outage.wrap(memory);
  const wakeups = createWakeups({ store, clock, logger: silentLogger });
  const catalog = createCatalog([defineJob({ type: "report", run: () => null })]);
  const dependencies = {
    store,
    clock,
    catalog,
    writer: createWriter({ store, clock, wakeups, catalog }),
    random: () => 0.5,
  };
  return {
    clock,
    store,
    outage,
    leases: createExpireLeases(dependencies, { leaseMs: LEASE_MS }),
    starts: createExpireStarts(dependencies),
    deadlines: createExpireDeadlines(dependencies),
    async insert(row: Partial<Job>): Promise<string> {
      const made = makeNewJob(row);
      await memory.jobs.insert([[made]]);
      return made.job.id;
    },
    job: async (jobId: string): Promise<Job> => (await memory.jobs.find(jobId))!,
  };
}

async function everySecond(chore: { runOnce(): Promise<unknown> }, clock: ManualClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1_000);
    await chore.runOnce();
  }
}
