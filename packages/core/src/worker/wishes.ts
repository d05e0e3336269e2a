// Learns that somebody wishes a running attempt to be cancelled: in this process at once, in another by a foreign commit.
import type { Clock } from "../clock.js";
import type { JobId } from "../job/job.js";
import type { Logger } from "../logger.js";
import type { Store } from "../store/store.js";
import type { Held, HeldLeases } from "./held-leases.js";

/** Looking costs a statement, and other processes commit all the time: not more often than this. */
const LOOK_EVERY_MS = 200;

export interface Wishes {
  /** A wish for this job was committed by this process. */
  learn(jobId: JobId): Promise<void>;
  /** Another process has committed something. */
  foreignCommit(): void;
  /** A wish became known. */
  note(held: Held, by: string): void;
  stop(): void;
}

export interface WishesDependencies {
  store: Store;
  clock: Clock;
  logger: Logger;
  held: HeldLeases;
  /** Gives a job back that has not begun; with a wish there, that ends it. */
  giveBackUnbegun(held: Held): void;
}

export function createWishes({ store, clock, logger, held, giveBackUnbegun }: WishesDependencies): Wishes {
  let lookedAt = 0;
  let cancelTimer: (() => void) | undefined;

  const note = (wished: Held, by: string) => {
    const { attempt } = wished;
    if (attempt === undefined) {
      giveBackUnbegun(wished);
      return;
    }
    attempt.claimed = { ...attempt.claimed, cancelRequestedBy: by };
    attempt.abort("cancelled");
  };

  const learn = async (jobId: JobId) => {
    if (!held.has(jobId)) return;
    try {
      const job = await store.jobs.find(jobId);
      if (job === undefined || job.lease === null || job.cancelRequestedBy === null) return;
      const mine = held.find({ jobId, leaseToken: job.lease.token });
      if (mine !== undefined) note(mine, job.cancelRequestedBy);
    } catch (error) {
      logger.warn({ err: error, jobId }, "a cancel wish could not be read; the next heartbeat brings it");
    }
  };

  const look = async () => {
    lookedAt = clock.now();
    const running = held.running();
    if (running.length === 0) return;
    try {
      const lastSeqs = await store.events.lastSeqs(running.map(({ job }) => job.id));
      for (const { job } of running) if ((lastSeqs.get(job.id) ?? 0) > job.lastSeq) await learn(job.id);
    } catch (error) {
      logger.warn({ err: error }, "looking for cancel wishes failed; the next heartbeat brings them");
    }
  };

  return {
    learn,
    note,
    foreignCommit() {
      if (cancelTimer !== undefined || held.size === 0) return;
      // At most: a clock that was set back must not hold it up.
      const waitMs = Math.min(LOOK_EVERY_MS, Math.max(0, lookedAt + LOOK_EVERY_MS - clock.now()));
      cancelTimer = clock.after(waitMs, () => {
        cancelTimer = undefined;
        void look();
      });
    },
    stop() {
      cancelTimer?.();
      cancelTimer = undefined;
    },
  };
}
