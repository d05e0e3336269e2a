// Many concurrent callers, each submitting its next job when the last one was acknowledged.
import type { SubmitContender } from "../contender.js";
import { echoParameters } from "../jobs.js";

export async function submitFromCallers(
  contender: SubmitContender,
  options: { callers: number; durationMs: number },
): Promise<{ submitted: number; elapsedMs: number }> {
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
  return { submitted, elapsedMs: performance.now() - startedAt };
}
