// Cancelling a job that is erased while it is cancelled.
import { ManualClock } from "@meanwhile/store-testkit";
import { expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { LOCAL_PRINCIPAL as principal } from "../principal/principal.js";
import { createMemoryStore } from "../store/memory-store.js";
import { withJobs } from "../testing/store-wrappers.js";
import { startTestService } from "../testing/test-service.js";

it("a cancel that comes too late for its job is told that the job has gone, not that it has finished", async () => {
  const clock = new ManualClock();
  let isErased = false;
  const store = withJobs(createMemoryStore({ clock }), ({ find }) => ({
    find: async (jobId) => (isErased ? undefined : find(jobId)),
    commit: async (changes) => {
      isErased = true;
      return changes.map(() => ({ outcome: "guard_failed" }));
    },
  }));
  const plain = defineJob({ type: "plain", run: () => null });
  const service = await startTestService([plain], { clock, store, worker: false });
  const { id } = await service.submit("plain");

  await expect(service.engine.cancel(id, { principal })).rejects.toMatchObject({ code: "job_purged" });
});
