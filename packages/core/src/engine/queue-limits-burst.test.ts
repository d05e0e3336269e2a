// The queue limit under a burst, and under a clock that is set back.
import { describe, expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { startTestService } from "../testing/test-service.js";

const limited = defineJob({ type: "limited", queueLimit: 10, run: () => null });

describe("a queue limit", () => {
  it("holds for submits that come all at once", async () => {
    const service = await startTestService([limited], { worker: false });

    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => service.submit("limited")));

    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
  });

  it("counts again after the clock was set back", async () => {
    const service = await startTestService([limited]);
    for (let n = 0; n < 10; n++) await service.submit("limited");
    await service.pass(100);

    service.clock.setBack(3_600_000);
    await service.pass(300);

    await expect(service.submit("limited")).resolves.toMatchObject({ status: "PENDING" });
  });

  it("asks again where the store could not count", async () => {
    const service = await startTestService([limited], { worker: false });
    const { countWaiting } = service.store.jobs;
    service.store.jobs.countWaiting = () => Promise.reject(new Error("cannot count"));
    await expect(service.submit("limited")).rejects.toThrow("cannot count");

    service.store.jobs.countWaiting = countWaiting;

    await expect(service.submit("limited")).resolves.toMatchObject({ status: "PENDING" });
  });
});
