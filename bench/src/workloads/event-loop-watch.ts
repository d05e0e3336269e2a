// How late timers of this thread come while it works: what a stop of its event loop costs everybody on it.
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";

const EVERY_MS = 1;

export class EventLoopWatch {
  #histogram: IntervalHistogram | undefined;

  start(): void {
    this.#histogram?.disable();
    this.#histogram = monitorEventLoopDelay({ resolution: EVERY_MS });
    this.#histogram.enable();
  }

  /** @returns the 99th percentile of the delay, in milliseconds. */
  stop(): number {
    if (this.#histogram === undefined) throw new Error("The event loop is not being watched; start first.");
    this.#histogram.disable();
    // Node counts the time from timer to timer, the wanted one included.
    return Math.max(0, this.#histogram.percentile(99) / 1_000_000 - EVERY_MS);
  }
}
