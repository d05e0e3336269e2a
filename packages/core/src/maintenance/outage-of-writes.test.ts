// Leases in bad times: a store that answers reads but takes no writes, and a clock that is set back.
import { BUILT_AT, ManualClock } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { AppError } from "../errors.js";
import { LOCAL_PRINCIPAL as principal } from "../principal/principal.js";
import type { JobStore } from "../store/job-store.js";
import { createMemoryStore } from "../store/memory-store.js";
import { createHeldJob } from "../testing/held-job.js";
import { withJobs } from "../testing/store-wrappers.js";
import { startTestService } from "../testing/test-service.js";

const LEASE_MS = 3_000;

describe("after a full disk", () => {
  it("live workers get one full lease before any lease expires", async () => {
    const held = createHeldJob();
    const clock = new ManualClock();
    const memory = createMemoryStore({ clock });
    let isFull = false;
    const write =
      <Method extends (...values: never[]) => Promise<unknown>>(method: Method) =>
      (...values: Parameters<Method>) =>
        isFull ? Promise.reject(full()) : method(...values);
    const store = withJobs(memory, ({ commit, extendLeases, claim, insert }) => ({
      commit: write(commit) as JobStore["commit"],
      extendLeases: write(extendLeases) as JobStore["extendLeases"],
      claim: write(claim) as JobStore["claim"],
      insert: write(insert) as JobStore["insert"],
    }));
    const service = await startTestService([held.definition], { clock, store, worker: { leaseMs: LEASE_MS } });
    await service.pass(2 * LEASE_MS);
    const job = await service.submit("held");
    const attempt = await held.attempt(1);
    // Just behind a heartbeat; the disk is full for one lease and a little, and the next heartbeat after it comes late.
    await service.pass(1_050);

    isFull = true;
    await service.pass(LEASE_MS + 300);
    isFull = false;
    await service.pass(2 * LEASE_MS);

    expect(attempt.abortedBy()).toBeUndefined();
    expect(await service.told(job.id)).toEqual(["submitted", "started"]);
    expect(held.attempts).toHaveLength(1);
  });
});

describe("after the clock was set back", () => {
  it("the lease of a dead worker still expires one lease later", async () => {
    const held = createHeldJob();
    const clock = new ManualClock(BUILT_AT + 3_600_000);
    const store = createMemoryStore({ clock });
    const sweeper = await startTestService([held.definition], { clock, store, worker: false });
    await sweeper.pass(100);
    const { job } = await sweeper.engine.submit({ type: "held", parameters: {} }, { principal });

    clock.setBack(3_600_000);
    await store.jobs.claim({
      workerId: "dead",
      leaseToken: "its-token",
      leaseMs: 1_000,
      types: [{ type: "held", limit: 1 }],
    });
    await sweeper.pass(40_000);

    expect(await sweeper.told(job.id)).toContain("retrying");
  });
});

const full = () => new AppError("store_unavailable", { message: "The disk is full.", retryAfterMs: 1_000 });
