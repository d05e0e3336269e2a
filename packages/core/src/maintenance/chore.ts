// A chore: something that must be looked after now and then, by any process, any number of times.
import type { Clock } from "../clock.js";
import type { Logger } from "../logger.js";

export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  /**
   * Does what is due at `now` (default: by the store's clock).
   *
   * @returns when it wants to run again, in epoch milliseconds, where that is before its regular time.
   */
  runOnce(now?: number): Promise<number | undefined>;
}

export interface ChoreLoop {
  start(): void;
  /** Waits for a run under way. May be called twice. */
  stop(): Promise<void>;
  /** Run no later than at this instant. */
  armAt(instant: number): void;
}

/** Clocks of one deployment are mostly closer than this. */
const PAUSE_MS = 20;

/** Runs one chore regularly, and earlier where it is armed. A failing run is logged and tried again at the next time. */
export function createChoreLoop(chore: Chore, { clock, logger }: { clock: Clock; logger: Logger }): ChoreLoop {
  let running = false;
  let cancelTimer: (() => void) | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let current: Promise<void> | undefined;

  const arm = (instant: number) => {
    if (!running || instant >= dueAt) return;
    dueAt = instant;
    cancelTimer?.();
    cancelTimer = clock.after(Math.max(0, instant - clock.now()), fire);
  };

  const fire = () => {
    dueAt = Number.POSITIVE_INFINITY;
    if (current !== undefined) {
      // Armed while it runs: it is run once more behind.
      void current.then(() => arm(clock.now()));
      return;
    }
    current = run().finally(() => {
      current = undefined;
      arm(clock.now() + chore.everyMs);
    });
  };

  const run = async () => {
    try {
      const again = await chore.runOnce();
      if (again === undefined) return;
      // What is due here already, and was not done, is not due by the store's clock yet: no reason to ask without pause.
      const now = clock.now();
      arm(again > now ? again : now + PAUSE_MS);
    } catch (error) {
      logger.warn({ err: error, chore: chore.name }, "a chore failed; it is tried again");
    }
  };

  return {
    start() {
      if (running) return;
      running = true;
      arm(clock.now());
    },
    async stop() {
      running = false;
      cancelTimer?.();
      await current;
    },
    armAt: arm,
  };
}
