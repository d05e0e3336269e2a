// A store whose clock is behind that of the process.
import { ManualClock } from "@meanwhile/store-testkit";
import { expect, it } from "vitest";
import { silentLogger } from "../logger.js";
import { nextTurns } from "../testing/test-service.js";
import { createChoreLoop } from "./chore.js";

it("a chore whose next instant has passed here, but not in the store, does not run without pause", async () => {
  const clock = new ManualClock();
  let runs = 0;
  const behind = {
    name: "behind",
    everyMs: 1_000,
    runOnce: async () => {
      runs++;
      return clock.now() - 500;
    },
  };
  const loop = createChoreLoop(behind, { clock, logger: silentLogger });
  loop.start();

  for (let turn = 0; turn < 100; turn++) {
    clock.advance(1);
    await nextTurns(1);
  }
  await loop.stop();

  expect(runs).toBeGreaterThan(1);
  expect(runs).toBeLessThan(10);
});
