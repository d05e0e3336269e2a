// How many streams each owner has open in this process.
import { AppError } from "@meanwhile/core";

export interface OwnerCounts {
  /** @throws AppError `rate_limited`. */
  requireRoom(owner: string): void;
  enter(owner: string): void;
  leave(owner: string): void;
}

export function createOwnerCounts(most: number): OwnerCounts {
  const counts = new Map<string, number>();
  return {
    requireRoom(owner) {
      if ((counts.get(owner) ?? 0) < most) return;
      throw new AppError("rate_limited", {
        message: `There are ${most} open streams of this owner already. Close one of them, or follow all jobs by the one stream /api/v2/events.`,
        retryAfterMs: 5_000,
      });
    },
    enter(owner) {
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
    },
    leave(owner) {
      const left = (counts.get(owner) ?? 1) - 1;
      if (left === 0) counts.delete(owner);
      else counts.set(owner, left);
    },
  };
}
