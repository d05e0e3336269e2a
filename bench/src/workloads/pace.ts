// Work at a steady pace: one piece every few milliseconds by the clock, and how long each took to be taken.
import { setTimeout as wait } from "node:timers/promises";
import { quantile } from "../statistics.js";

export interface PaceOptions {
  count: number;
  everyMs: number;
}

export interface PaceOutcome {
  /** From the first piece to the moment at which the last one was taken. */
  elapsedMs: number;
  /** From the call to its answer. */
  takenP50Ms: number;
  takenP99Ms: number;
}

/** Milliseconds since 1970 with their fractions: alike in all processes of a machine, to a few microseconds. */
export function wallClockMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Calls once every `everyMs`, whether or not earlier calls have been answered; who is late calls at once. */
export async function keepPace(
  { count, everyMs }: PaceOptions,
  call: (index: number) => Promise<unknown>,
): Promise<PaceOutcome> {
  const startedAt = performance.now();
  const takenMs: number[] = [];
  const calls: Promise<void>[] = [];
  const timed = async (index: number) => {
    const calledAt = performance.now();
    await call(index);
    takenMs.push(performance.now() - calledAt);
  };
  for (let index = 0; index < count; index += 1) {
    const leftMs = startedAt + index * everyMs - performance.now();
    // Timers come in whole milliseconds: what is due within this one goes out now.
    if (leftMs >= 1) await wait(leftMs);
    calls.push(timed(index));
  }
  await Promise.all(calls);
  const elapsedMs = performance.now() - startedAt;
  return { elapsedMs, takenP50Ms: quantile(takenMs, 0.5), takenP99Ms: quantile(takenMs, 0.99) };
}
