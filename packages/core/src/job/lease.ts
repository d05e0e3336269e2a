// When a lease is to be extended and when it is over.
import type { Lease } from "./job.js";

/** Heartbeats come every third of a lease: two may be lost before it runs out. */
export function heartbeatEveryMs(leaseMs: number): number {
  return Math.max(1, Math.floor(leaseMs / 3));
}

export function hasExpired(lease: Lease, now: number): boolean {
  return lease.expiresAt <= now;
}
