// A clock that only the test moves.
import type { Clock } from "@meanwhile/core";

interface Timer {
  dueAt: number;
  readonly callback: () => void;
}

/** Time stands still until `advance`. Only `nextTurn` is the machine's own: it is an order, not a time. */
export class ManualClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  /** @param startAt Epoch milliseconds. Default: the instant at which the builders create their jobs. */
  constructor(startAt: number = BUILT_AT) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer: Timer = { dueAt: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  nextTurn(callback: () => void): void {
    setImmediate(callback);
  }

  /** Timers that wait; a test that leaves some behind forgot to stop something. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /**
   * Moves the time on and fires every timer on the way, in the order of their instants, each at its own instant. Timers
   * that a callback sets at once fire too, if they fall due on the way; those that it sets after a promise do not.
   */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let timer = this.#nextDue(end); timer !== undefined; timer = this.#nextDue(end)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.dueAt);
      timer.callback();
    }
    this.#now = end;
  }

  /** Somebody corrects the machine's clock; timers wait as long as they would have, as those of Node do. */
  setBack(ms: number): void {
    this.#now -= ms;
    for (const timer of this.#timers) timer.dueAt -= ms;
  }

  #nextDue(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt <= end && (next === undefined || timer.dueAt < next.dueAt)) next = timer;
    }
    return next;
  }
}

/** 2026-01-15T12:00:00Z: when jobs of the builders are created, unless the test says otherwise. */
export const BUILT_AT = Date.UTC(2026, 0, 15, 12);
