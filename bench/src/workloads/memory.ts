// What a process occupies when its garbage is gone: the resident set as the system counts it, and V8's own heap.
import { setTimeout as wait } from "node:timers/promises";
import { quantile } from "../statistics.js";

/**
 * Flags of a process whose memory is asked for. V8's nursery grows with what is allocated, up to 48 MB that belong to nobody in
 * particular: kept small, it leaves the figure to what is alive.
 */
export const MEMORY_FLAGS: readonly string[] = ["--expose-gc", "--max-semi-space-size=1"];

export interface MemoryOutcome {
  rssBytes: number;
  /** Live objects of JavaScript. */
  heapBytes: number;
  /** What objects of C++ hold for them, buffers included. */
  externalBytes: number;
}

/** V8 gives pages back in the background, a little after each collection. */
const COLLECTIONS = 6;
const BETWEEN_MS = 150;
const SAMPLES = 3;

/** @throws Error in a process without `MEMORY_FLAGS`. */
export async function settledMemory(): Promise<MemoryOutcome> {
  const collect = globalThis.gc;
  if (collect === undefined)
    throw new Error(`Start this process with ${MEMORY_FLAGS.join(" ")} to ask for its memory.`);
  const samples: NodeJS.MemoryUsage[] = [];
  for (let collection = 0; collection < COLLECTIONS; collection += 1) {
    collect();
    await wait(BETWEEN_MS);
    samples.push(process.memoryUsage());
  }
  const last = samples.slice(-SAMPLES);
  const median = (of: "rss" | "heapUsed" | "external") =>
    quantile(
      last.map((sample) => sample[of]),
      0.5,
    );
  return { rssBytes: median("rss"), heapBytes: median("heapUsed"), externalBytes: median("external") };
}
