// Many concurrent callers, each submitting its next job when the last one was acknowledged.
import type { BatchesOutcome, DrainContender, SubmitContender, SubmitsOutcome } from "../contender.js";
import { chunks, echoJobs, echoParameters } from "../jobs.js";
import { cpuSecondsOfThisProcess } from "../processes.js";

export async function submitFromCallers(
  contender: SubmitContender,
  options: { callers: number; durationMs: number },
): Promise<SubmitsOutcome> {
  const cpuBefore = cpuSecondsOfThisProcess();
  const startedAt = performance.now();
  const endsAt = startedAt + options.durationMs;
  let submitted = 0;
  const caller = async () => {
    while (performance.now() < endsAt) {
      await contender.submit(echoParameters(submitted));
      submitted += 1;
    }
  };
  await Promise.all(Array.from({ length: options.callers }, caller));
  const cpuSeconds = cpuSecondsOfThisProcess() - cpuBefore;
  return { submitted, elapsedMs: performance.now() - startedAt, cpuSeconds };
}

const BATCH_SIZE = 1_000;
/** Connections and statements are made ready by the first batches. */
const WARMUP_BATCHES = 8;

/** The library's own way in for many jobs, one batch per call. */
export async function submitBatches(
  contender: DrainContender,
  options: { callers: number; count: number },
): Promise<BatchesOutcome> {
  const run = async (count: number) => {
    const batches = chunks(echoJobs(count), BATCH_SIZE);
    const caller = async () => {
      for (const batch of batches) await contender.preload(batch);
    };
    await Promise.all(Array.from({ length: options.callers }, caller));
  };
  await run(WARMUP_BATCHES * BATCH_SIZE);
  const startedAt = performance.now();
  await run(options.count);
  return { elapsedMs: performance.now() - startedAt };
}
