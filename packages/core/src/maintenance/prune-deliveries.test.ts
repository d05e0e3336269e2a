// Finished deliveries outlive their jobs, but not for ever.
import { ManualClock, until } from "@meanwhile/store-testkit";
import { expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { LOCAL_PRINCIPAL } from "../principal/principal.js";
import { createMemoryStore } from "../store/memory-store.js";
import { createScriptedChannel } from "../testing/scripted-channel.js";
import { nextTurns, startTestService } from "../testing/test-service.js";
import { createPruneDeliveries } from "./prune-deliveries.js";

it("deliveries are kept for their own retention after they are finished, whatever became of the job", async () => {
  const clock = new ManualClock();
  const store = createMemoryStore({ clock });
  const echo = defineJob({ type: "echo", run: async () => null });
  const service = await startTestService([echo], { clock, store, pushChannels: [createScriptedChannel()] });
  const prune = createPruneDeliveries({ deliveries: store.deliveries, clock, retentionMs: 1_000 });
  const webhook = { url: "https://receiver.example/" };
  const deliveries = async () => (await store.deliveries.list({ limit: 1_000 })).items;
  const submitted = Array.from({ length: 150 }, () => service.submit("echo", {}, { webhook }));
  for (const { id } of await Promise.all(submitted)) {
    await service.reaches(id, "COMPLETED");
    await service.engine.purge(id, { principal: LOCAL_PRINCIPAL });
  }
  const kept = await until(
    async () => {
      await nextTurns();
      const all = await deliveries();
      return all.every(({ finishedAt }) => finishedAt !== null) ? all : undefined;
    },
    { what: "all deliveries are finished" },
  );
  const lastFinished = Math.max(...kept.map(({ finishedAt }) => finishedAt!));

  await prune.runOnce(Math.min(...kept.map(({ finishedAt }) => finishedAt!)) + 1_000);
  expect(await deliveries()).toHaveLength(150);
  await prune.runOnce(lastFinished + 1_001);

  expect(await deliveries()).toEqual([]);
});
