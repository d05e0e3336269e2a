// What a process under test says about itself, one line of JSON every so often; and its heap, on SIGUSR2.
import { appendFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString, writeHeapSnapshot } from "node:v8";
import { runInNewContext } from "node:vm";

export interface Vitals {
  readonly at: number;
  readonly rssBytes: number;
  /** What is alive: measured behind a full collection. */
  readonly heapBytes: number;
  /** Buffers and other memory outside of the heap that objects hold. */
  readonly externalBytes: number;
  readonly descriptors: number;
  /** Of the event loop since the line before; without the collection that this measuring costs. */
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
}

/** Never keeps the process alive. */
export function recordVitals({ file, everyMs }: { file: string; everyMs: number }): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const record = () => {
    const loopDelayP99Ms = delay.percentile(99) / 1e6;
    const loopDelayMaxMs = delay.max / 1e6;
    collect();
    const { rss, heapUsed, external } = process.memoryUsage();
    const vitals: Vitals = {
      at: Date.now(),
      rssBytes: rss,
      heapBytes: heapUsed,
      externalBytes: external,
      descriptors: readdirSync("/proc/self/fd").length,
      loopDelayP99Ms,
      loopDelayMaxMs,
    };
    appendFileSync(file, `${JSON.stringify(vitals)}\n`);
    // The next turn: the monitor has then noted the pause of the collection, which is not the product's.
    setTimeout(() => delay.reset(), 50).unref();
  };
  record();
  setInterval(record, everyMs).unref();
  process.on("SIGUSR2", () => writeHeapSnapshot(join(dirname(file), `${process.pid}-${Date.now()}.heapsnapshot`)));
}
