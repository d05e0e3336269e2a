// Keeps the leases of this process alive, and learns from it which are lost and which jobs somebody wants cancelled.
import type { Clock } from "../clock.js";
import { heartbeatEveryMs } from "../job/lease.js";
import type { Logger } from "../logger.js";
import type { JobStore, LeaseResult } from "../store/job-store.js";
import type { Held } from "./held-leases.js";

export interface HeartbeatOptions {
  jobs: JobStore;
  clock: Clock;
  logger: Logger;
  leaseMs: number;
  /** Everything this process holds now. */
  held(): readonly Held[];
  onResult(held: Held, result: LeaseResult): void;
}

export interface Heartbeat {
  start(): void;
  stop(): void;
  /** One round for all leases together. */
  beat(): Promise<void>;
}

export function createHeartbeat({ jobs, clock, logger, leaseMs, held, onResult }: HeartbeatOptions): Heartbeat {
  let cancelTimer: (() => void) | undefined;
  let running = false;

  const beat = async () => {
    const leases = held();
    if (leases.length === 0) return;
    try {
      const results = await jobs.extendLeases(leases, { byMs: leaseMs });
      for (let index = 0; index < leases.length; index++) onResult(leases[index]!, results[index]!);
    } catch (error) {
      // The leases live on in the store until a move expires them (invariant I4); the next beat tries again.
      logger.warn({ err: error, leases: leases.length }, "heartbeat failed");
    }
  };

  const arm = () => {
    cancelTimer = clock.after(heartbeatEveryMs(leaseMs), () => {
      void beat().finally(() => {
        if (running) arm();
      });
    });
  };

  return {
    start() {
      if (running) return;
      running = true;
      arm();
    },
    stop() {
      running = false;
      cancelTimer?.();
    },
    beat,
  };
}
