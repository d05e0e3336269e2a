// A drain: preload, start one worker, wait until the store itself says that everything is done.
import { setTimeout as wait } from "node:timers/promises";
import type { DrainContender, DrainOutcome } from "../contender.js";
import { echoJobs } from "../jobs.js";
import { cpuSecondsOfThisProcess } from "../processes.js";

/** Asking costs the store, so it is only asked when every handler has run, and then this often. */
const ASK_EVERY_MS = 10;

/** Ends when the jobs do; the parent's limit on the call is what stops a drain that never ends. */
export async function drainPreloaded(contender: DrainContender, options: { count: number }): Promise<DrainOutcome> {
  await contender.preload(echoJobs(options.count));
  const cpuBefore = cpuSecondsOfThisProcess();
  const firstStartedAt = await runEveryHandler(contender, options.count);
  while (await contender.hasUnfinished()) await wait(ASK_EVERY_MS);
  return { elapsedMs: performance.now() - firstStartedAt, cpuSeconds: cpuSecondsOfThisProcess() - cpuBefore };
}

/** Resolves when the last handler has begun, with the time at which the first one did. */
function runEveryHandler(contender: DrainContender, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let firstStartedAt: number | undefined;
    let begun = 0;
    const onStart = () => {
      firstStartedAt ??= performance.now();
      begun += 1;
      if (begun === count) resolve(firstStartedAt);
    };
    contender.startWorker(onStart).catch(reject);
  });
}
