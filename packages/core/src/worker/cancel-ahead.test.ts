// Cancelling a job that this process has claimed ahead and not begun.
import { Gate, until } from "@meanwhile/store-testkit";
import { expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { LOCAL_PRINCIPAL as principal } from "../principal/principal.js";
import { startTestService } from "../testing/test-service.js";

it("a cancelled job that waits for its slot ends at once and is never begun", async () => {
  const gate = new Gate();
  const starts: string[] = [];
  const mixed = defineJob({
    type: "mixed",
    concurrency: 1,
    run: async ({ parameters, job }) => {
      starts.push(job.id);
      if (parameters.long === true) await gate.passed;
    },
  });
  const service = await startTestService([mixed]);
  for (let n = 0; n < 3; n++) await service.reaches((await service.submit("mixed")).id, "COMPLETED");
  const items = [{ long: true }, {}, {}].map((parameters) => ({ type: "mixed", parameters }));
  const [, second, third] = await service.engine.submitBatch(items, { principal });
  const { id } = second!.job;
  await until(async () => (await service.job(id)).status === "PROCESSING", { what: "it is claimed ahead" });

  const { outcome } = await service.engine.cancel(id, { principal });
  // The clock stands still: neither a heartbeat nor a free slot may be needed for it.
  await service.reaches(id, "CANCELLED");
  gate.open();
  await service.reaches(third!.job.id, "COMPLETED");

  expect(outcome).toBe("requested");
  expect(starts).not.toContain(id);
  expect(await service.told(id)).toEqual(["submitted", "started", "cancel_requested", "cancelled"]);
});
