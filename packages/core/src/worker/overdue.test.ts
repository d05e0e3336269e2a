// Jobs whose time passed while nobody was there to say so: a claim may come before the chore that would have ended them.
import { describe, expect, it } from "vitest";
import { createHeldJob } from "../testing/held-job.js";
import { startTestService } from "../testing/test-service.js";

const HOUR_MS = 3_600_000;

describe("after hours without any process", () => {
  it("a job that had to be started by then fails, and its handler is never called", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition], { started: false });
    const { id } = await service.submit("held", {}, { startWithinMs: 60_000 });

    service.clock.advance(HOUR_MS);
    await service.start();

    expect((await service.reaches(id, "FAILED")).error).toMatchObject({ code: "expired" });
    expect(held.attempts).toHaveLength(0);
  });

  it("a job that had to be finished by then fails, and its handler is never called", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition], { started: false });
    const { id } = await service.submit("held", {}, { completeWithinMs: 60_000 });

    service.clock.advance(HOUR_MS);
    await service.start();

    expect((await service.reaches(id, "FAILED")).error).toMatchObject({ code: "deadline_exceeded" });
    expect(held.attempts).toHaveLength(0);
  });

  it("a job that was started in time is run again, however late its retry is", async () => {
    const held = createHeldJob({ retry: { initialDelayMs: 60_000, jitter: "none" } });
    const service = await startTestService([held.definition]);
    const { id } = await service.submit("held", {}, { startWithinMs: 10_000 });
    (await held.attempt(1)).fail(new Error("once"));
    await service.reaches(id, "PENDING");

    await service.pass(61_000);
    (await held.attempt(2)).complete();

    expect(await service.reaches(id, "COMPLETED")).toMatchObject({ attempt: 2 });
  });
});
