// A process that runs no jobs sweeps the leases of those that do.
import { BUILT_AT, ManualClock, makeLease, makeNewJob } from "@meanwhile/store-testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import type { FileBytes } from "../files/file-bytes.js";
import { createService } from "../service.js";
import { createMemoryStore } from "../store/memory-store.js";
import { nextTurns } from "../testing/test-service.js";

describe("a process without a worker", () => {
  it("gives leases the time that the workers' leases last, not its own default", async () => {
    const clock = new ManualClock(BUILT_AT);
    const store = createMemoryStore({ clock });
    const job = makeNewJob({}, { lease: makeLease({ expiresAt: BUILT_AT + 1_000 }) });
    await store.jobs.insert([[job]]);
    const fileBytes = { sweep: async () => 0 } as unknown as FileBytes;
    const service = createService({ store, jobs: [], fileBytes, clock }, { worker: false, leaseMs: 60_000 });
    onTestFinished(() => service.stop());
    const pass = async (ms: number) => {
      for (let left = ms; left > 0; left -= 500) {
        clock.advance(500);
        await nextTurns();
      }
    };

    await service.start();
    await pass(50_000);
    const within = await store.jobs.find(job.job.id);
    await pass(20_000);
    const after = await store.jobs.find(job.job.id);

    expect(within?.status).toBe("PROCESSING");
    expect(after?.status).toBe("PENDING");
  });
});
