// A process that is bounded over all types: what it claims, and what it begins.
import { Gate, ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL as principal } from "../principal/principal.js";
import { createMemoryStore } from "../store/memory-store.js";
import { createHeldJob } from "../testing/held-job.js";
import { withJobs } from "../testing/store-wrappers.js";
import { nextTurns, startTestService } from "../testing/test-service.js";

describe("a process with fewer slots than its types", () => {
  it("claims no more than it can begin", async () => {
    const types = ["one", "two", "three"].map((type) => createHeldJob({ type }));
    const service = await startTestService(
      types.map(({ definition }) => definition),
      { worker: { concurrency: 2 }, started: false },
    );
    for (const type of ["one", "two", "three"]) for (let n = 0; n < 4; n++) await service.submit(type);

    await service.start();
    await until(() => begun(types) === 2, { what: "two attempts have begun" });
    await nextTurns();
    const claimed = await service.engine.list({ status: "PROCESSING", limit: 50 }, { principal });

    expect(claimed.items).toHaveLength(2);
  });

  it("gives every type its turn", async () => {
    const types = ["one", "two", "three"].map((type) => createHeldJob({ type }));
    const service = await startTestService(
      types.map(({ definition }) => definition),
      { worker: { concurrency: 1 }, started: false },
    );
    for (const type of ["one", "two", "three"]) for (let n = 0; n < 4; n++) await service.submit(type);
    await service.start();

    for (let round = 1; round <= 6; round++) {
      await until(() => begun(types) === round, { what: `attempt ${round} begins` });
      for (const { attempts } of types) for (const attempt of attempts) attempt.complete();
    }

    expect(types.map(({ attempts }) => attempts.length)).toEqual([2, 2, 2]);
  });

  it("goes on to the next type where the first had less than it was asked for", async () => {
    const types = ["one", "two"].map((type) => createHeldJob({ type }));
    const service = await startTestService(
      types.map(({ definition }) => definition),
      { worker: { concurrency: 3 }, started: false },
    );
    for (const type of ["one", "two", "two", "two"]) await service.submit(type);

    await service.start();

    // The clock stands still: no poll may be needed for it.
    await until(() => begun(types) === 3, { what: "all slots are taken" });
    expect(types.map(({ attempts }) => attempts.length)).toEqual([1, 2]);
  });

  it("keeps to its bound when a job is stored with its lease while a claim is under way", async () => {
    const one = createHeldJob({ type: "one" });
    const other = createHeldJob({ type: "other" });
    const clock = new ManualClock();
    const claiming = new Gate();
    const storing = new Gate();
    let claimed = false;
    const store = withJobs(createMemoryStore({ clock }), (jobs) => ({
      async claim(request) {
        const found = await jobs.claim(request);
        claimed ||= found.length > 0;
        if (claimed) await claiming.passed;
        return found;
      },
      async insert(groups) {
        if (claimed) await storing.passed;
        return jobs.insert(groups);
      },
    }));
    const service = await startTestService([one.definition, other.definition], {
      worker: { concurrency: 1 },
      clock,
      store,
    });
    await service.submit("one", {}, { concurrencyKey: "never claimed at birth" });
    await until(() => claimed, { what: "the claim is under way" });
    const submitted = service.submit("other");
    await nextTurns();

    claiming.open();
    await until(() => begun([one, other]) === 1, { what: "one of them begins" });
    storing.open();
    await submitted;
    await nextTurns();

    expect(begun([one, other])).toBe(1);
  });
});

const begun = (types: readonly { attempts: readonly unknown[] }[]): number =>
  types.reduce((sum, { attempts }) => sum + attempts.length, 0);
