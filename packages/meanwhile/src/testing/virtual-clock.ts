// A clock that stands still until a test moves it: retries need no waiting, timeouts happen when the test says so.
import type { Clock } from "@meanwhile/core";

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

/** @example clock.advance(60_000); // the attempt's timeout has passed */
export class VirtualClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  /** @param startAt Epoch milliseconds. Default: the beginning of 2026, UTC. */
  constructor(startAt: number = Date.UTC(2026, 0, 1)) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer: Timer = { dueAt: this.#now + Math.max(0, ms), callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  nextTurn(callback: () => void): void {
    setImmediate(callback);
  }

  /** Moves the time on; timers on the way fire in the order of their instants, each at its own. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.dueAt <= end).sort((a, b) => a.dueAt - b.dueAt);
      const [next] = due;
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.dueAt);
      next.callback();
    }
    this.#now = end;
  }
}
