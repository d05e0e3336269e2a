// Time and chance, injected (invariant I8): core itself never asks the machine.

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back once after `ms`. @returns cancels it; harmless afterwards. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back at the next turn of the event loop, after the IO that is due now. */
  nextTurn(callback: () => void): void;
}

/** A number in [0, 1). */
export type Random = () => number;

/** The machine's clock. A timer that is set keeps the process alive: whoever sets one also cancels it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number) => {
      const waitMs = Math.min(leftMs, LONGEST_TIMER_MS);
      timer = setTimeout(() => (leftMs > waitMs ? arm(leftMs - waitMs) : callback()), waitMs);
    };
    arm(ms);
    return () => clearTimeout(timer);
  },
  nextTurn: (callback) => {
    setImmediate(callback);
  },
};

// Node fires a timer above 2^31-1 ms at once.
const LONGEST_TIMER_MS = 2_147_483_647;
