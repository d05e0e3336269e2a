// How many connections of one kind each owner holds in this process.
import { AppError } from "@meanwhile/core";

export interface OwnerCounts {
  /** @throws AppError `rate_limited` where the owner may not have one more. */
  requireRoom(owner: string): void;
  /** Counts one more; `leave` must follow. */
  enter(owner: string): void;
  leave(owner: string): void;
}

export interface OwnerCountsOptions {
  readonly most: number;
  /** What they are, and what to do instead of having more: `open streams of this owner already. …` */
  readonly advice: string;
}

export function createOwnerCounts({ most, advice }: OwnerCountsOptions): OwnerCounts {
  const counts = new Map<string, number>();
  return {
    requireRoom(owner) {
      if ((counts.get(owner) ?? 0) < most) return;
      throw new AppError("rate_limited", { message: `There are ${most} ${advice}`, retryAfterMs: 5_000 });
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
