// One timer for all connections: pings, and a look at what stands still.
import type { Clock } from "@meanwhile/core";

export interface Swept {
  /** Cuts it where the last pings were not answered, else sends one. */
  ping(): void;
  /** Cuts it where much waits and nothing was taken for long. */
  lookAfter(): void;
}

export interface Sweep {
  add(connection: Swept): void;
  remove(connection: Swept): void;
  stop(): void;
}

const LOOK_EVERY_MS = 5_000;

/** Every connection is pinged at every fourth look, 20 s apart; a fourth of them at each, so that the work is spread. */
const LOOKS_PER_PING = 4;

export function createSweep(clock: Clock): Sweep {
  const turns = new Map<Swept, number>();
  let look = 0;
  let cancel: (() => void) | undefined;

  const arm = () => {
    cancel = clock.after(LOOK_EVERY_MS, () => {
      cancel = undefined;
      look = (look + 1) % LOOKS_PER_PING;
      for (const [connection, turn] of turns) {
        connection.lookAfter();
        if (turn === look) connection.ping();
      }
      if (turns.size > 0) arm();
    });
  };

  return {
    add(connection) {
      // Its first ping comes with the last look of a round: after 15 to 20 s.
      turns.set(connection, look);
      if (cancel === undefined) arm();
    },
    remove: (connection) => void turns.delete(connection),
    stop() {
      cancel?.();
      cancel = undefined;
      turns.clear();
    },
  };
}
