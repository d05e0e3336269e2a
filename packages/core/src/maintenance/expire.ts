// Decides jobs on which the clock has passed judgement: leases that ran out, starts and deadlines that were missed.
import type { Writer } from "../batch/writer.js";
import type { Clock, Random } from "../clock.js";
import type { Catalog } from "../definition/catalog.js";
import { isOutage } from "../errors.js";
import type { Job } from "../job/job.js";
import { backoffMs, DEFAULT_RETRY_POLICY } from "../job/retry.js";
import { type Command, isRefusal, transition } from "../job/transitions.js";
import type { DueKind } from "../store/job-store.js";
import type { Store } from "../store/store.js";
import type { Chore } from "./chore.js";

export interface ExpireDependencies {
  store: Store;
  writer: Writer;
  catalog: Catalog;
  clock: Clock;
  random: Random;
}

const BATCH = 200;

/** Fails jobs that were not started by `startBy`. */
export const createExpireStarts = (dependencies: ExpireDependencies): Chore =>
  expireChore("expire-starts", "start", { dependencies, everyMs: 1_000, commandFor: () => ({ kind: "expireStart" }) });

/** Fails waiting jobs whose `completeBy` has passed; running ones are aborted by their worker. */
export const createExpireDeadlines = (dependencies: ExpireDependencies): Chore =>
  expireChore("expire-deadlines", "deadline", {
    dependencies,
    everyMs: 1_000,
    commandFor: () => ({ kind: "expireDeadline" }),
  });

/**
 * Ends leases that nobody extended: their jobs are retried, failed, or cancelled where somebody wished so.
 *
 * After an outage (database away, laptop suspended, this process just started) nobody could extend anything: the first sweep
 * then gives every lease one full lease before it expires any, so that live workers are not doubled.
 */
export function createExpireLeases(dependencies: ExpireDependencies, { leaseMs }: { leaseMs: number }): Chore {
  const everyMs = Math.max(50, Math.floor(leaseMs / 10));
  const { clock, catalog, random } = dependencies;
  let lastSweepAt: number | undefined;
  let notBefore = 0;
  const sweep = expireChore("expire-leases", "lease", {
    dependencies,
    everyMs,
    commandFor: (job) => {
      const policy = catalog.find(job.type)?.retry ?? DEFAULT_RETRY_POLICY;
      return { kind: "expireLease", retryAfterMs: backoffMs(policy, { failedAttempt: job.attempt, random: random() }) };
    },
  });
  return {
    ...sweep,
    async runOnce(now) {
      const at = now ?? clock.now();
      // Half a lease without a sweep is far more than a busy machine explains; so is a clock that was set back.
      const wasAway =
        lastSweepAt === undefined || at < lastSweepAt || at - lastSweepAt > Math.max(leaseMs / 2, 2 * everyMs);
      if (wasAway) notBefore = at + leaseMs;
      try {
        // Also while it expires nothing it looks: a sweep counts only where the store answered.
        if (at < notBefore) await dependencies.store.jobs.findDue("lease", { limit: 1 });
        else await sweep.runOnce(now);
        lastSweepAt = at;
      } catch (error) {
        // A store that answers reads but takes no writes (a full disk) took no heartbeat either.
        lastSweepAt = isOutage(error) ? undefined : at;
        throw error;
      }
      return undefined;
    },
  };
}

interface ExpireOptions {
  dependencies: ExpireDependencies;
  everyMs: number;
  commandFor(job: Job): Command;
}

function expireChore(name: string, due: DueKind, { dependencies, everyMs, commandFor }: ExpireOptions): Chore {
  const { store, writer, clock } = dependencies;
  return {
    name,
    everyMs,
    async runOnce(now) {
      const at = now === undefined ? {} : { now };
      for (;;) {
        const jobs = await store.jobs.findDue(due, { limit: BATCH, ...at });
        const judgedAt = now ?? clock.now();
        const outcomes = await Promise.all(
          jobs.map(async (job) => {
            const decision = transition(job, commandFor(job), judgedAt);
            if (isRefusal(decision)) return false;
            // A guard that misses is fine: a heartbeat, a claim or a cancel came first.
            const result = await writer.commit(decision, { type: job.type });
            return result.outcome === "committed";
          }),
        );
        if (jobs.length < BATCH || !outcomes.includes(true)) return undefined;
      }
    },
  };
}
