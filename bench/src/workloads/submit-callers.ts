// Many concurrent callers, each submitting its next job when the last one was acknowledged.
import type { SubmitContender, SubmitsOutcome } from "../contender.js";
import { echoParameters } from "../jobs.js";
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
