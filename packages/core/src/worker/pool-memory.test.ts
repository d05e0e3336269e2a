// What a pool keeps of jobs that have gone their way.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { createHeldJob } from "../testing/held-job.js";
import { nextTurns } from "../testing/test-service.js";
import type { Held } from "./held-leases.js";
import { Pool } from "./pool.js";

it("a job that has begun is forgotten, also while the buffer never runs empty", async () => {
  const pool = new Pool(createHeldJob().definition);
  const begun = beginOne(pool);

  pool.push([{} as Held]);
  await nextTurns();
  collectGarbage();

  expect(pool.buffered).toBe(2);
  expect(begun.deref()).toBeUndefined();
});

/** In a function of its own, so that no variable of the test keeps the job. */
function beginOne(pool: Pool): WeakRef<Held> {
  pool.push([{} as Held, {} as Held]);
  return new WeakRef(pool.shift()!);
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
