// How many connections each owner holds in this process.
import { AppError } from "@meanwhile/core";

export interface OwnerCounts {
  /** @throws AppError `rate_limited` where the owner may not have one more. */
  requireRoom(owner: string): void;
  /** Counts one more; `leave` must follow. @throws AppError `rate_limited`. */
  enter(owner: string): void;
  leave(owner: string): void;
}

export function createOwnerCounts({ most }: { most: number }): OwnerCounts {
  const counts = new Map<string, number>();
  const requireRoom = (owner: string) => {
    if ((counts.get(owner) ?? 0) >= most) throw tooManyConnections(most);
  };
  return {
    requireRoom,
    enter(owner) {
      requireRoom(owner);
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
    },
    leave(owner) {
      const left = (counts.get(owner) ?? 1) - 1;
      if (left === 0) counts.delete(owner);
      else counts.set(owner, left);
    },
  };
}

function tooManyConnections(most: number): AppError {
  return new AppError("rate_limited", {
    message: `There are ${most} WebSocket connections of this owner already. One connection can follow many jobs.`,
    retryAfterMs: 5_000,
  });
}
