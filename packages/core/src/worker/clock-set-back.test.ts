// A clock that somebody sets back under running attempts.
import { describe, expect, it } from "vitest";
import { createHeldJob } from "../testing/held-job.js";
import { startTestService } from "../testing/test-service.js";

const HOUR_MS = 3_600_000;

describe("after the clock was set back by an hour", () => {
  it("progress is written within its usual time", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const { id } = await service.submit("held");
    const { context } = await held.attempt(1);
    await context.progress(0.1);
    await service.pass(10);

    service.clock.setBack(HOUR_MS);
    await context.progress(0.2);
    await service.pass(200);

    expect((await service.job(id)).progress?.fraction).toBe(0.2);
  });

  it("a live attempt keeps its lease and completes", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition], { worker: { leaseMs: 1_000 } });
    const { id } = await service.submit("held");
    const attempt = await held.attempt(1);
    await service.pass(500);

    service.clock.setBack(HOUR_MS);
    await service.pass(5_000);
    attempt.complete();

    expect(await service.reaches(id, "COMPLETED")).toMatchObject({ attempt: 1 });
    expect(attempt.abortedBy()).toBeUndefined();
  });
});
