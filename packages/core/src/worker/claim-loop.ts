// Claims as long as there is something to claim, one claim at a time; a call while it runs makes it look once more.
import type { Clock } from "../clock.js";
import type { Logger } from "../logger.js";

export interface ClaimLoop {
  /** There may be work, or room for it. */
  wake(): void;
  /** Resolves when no claim is under way. */
  idle(): Promise<void>;
}

export interface ClaimLoopOptions {
  clock: Clock;
  logger: Logger;
  mayClaim(): boolean;
  /** @returns how many jobs the claim brought. */
  claim(): Promise<number>;
}

export function createClaimLoop({ clock, logger, mayClaim, claim }: ClaimLoopOptions): ClaimLoop {
  let current: Promise<void> | undefined;
  let again = false;

  const claimWhileThereIs = async () => {
    do {
      again = false;
      if ((await claim()) === 0) continue;
      again = true;
      // One claim per turn of the event loop: what has ended meanwhile is settled before more is begun.
      await new Promise<void>((resolve) => clock.nextTurn(resolve));
    } while (again && mayClaim());
  };

  const wake = () => {
    if (current !== undefined) {
      again = true;
      return;
    }
    if (!mayClaim()) return;
    current = claimWhileThereIs()
      .catch((error: unknown) => {
        // The regular poll tries again; an answer of the store brings hints anyway.
        again = false;
        logger.warn({ err: error }, "claiming failed; it is tried again");
      })
      .then(() => {
        current = undefined;
        // Woken between the loop's last look and here.
        if (again) wake();
      });
  };

  return {
    wake,
    async idle() {
      while (current !== undefined) await current;
    },
  };
}
