// Refuses submits of a type whose queue is full: approximate, so that no submit has to count.
import type { Clock } from "../clock.js";
import type { AnyJobDefinition } from "../definition/define-job.js";
import { AppError } from "../errors.js";
import type { JobStore } from "../store/job-store.js";

/** How old a count may be; within it, this process adds what it submits itself. */
const FRESH_MS = 250;

/** What a full queue is thought to need per job where nothing better is known. */
const ASSUMED_JOB_MS = 100;

interface Count {
  waiting: number;
  at: number;
  previous: { waiting: number; at: number } | undefined;
}

export interface QueueLimits {
  /** @throws AppError `queue_full` with a computed `retryAfterMs`. */
  admit(definition: AnyJobDefinition, jobs: number): Promise<void>;
}

export function createQueueLimits({ jobs: store, clock }: { jobs: JobStore; clock: Clock }): QueueLimits {
  const counts = new Map<string, Count>();
  const counting = new Map<string, Promise<Count>>();

  const count = async ({ type }: AnyJobDefinition, limit: number): Promise<Count> => {
    const waiting = (await store.countWaiting([type], { limit })).get(type) ?? 0;
    const counted: Count = { waiting, at: clock.now(), previous: counts.get(type) };
    counts.set(type, counted);
    return counted;
  };

  const countOf = (definition: AnyJobDefinition, limit: number): Count | Promise<Count> => {
    const { type } = definition;
    const known = counts.get(type);
    // Both ways: a clock that was set back must not keep a count for ever.
    if (known !== undefined && Math.abs(clock.now() - known.at) < FRESH_MS) return known;
    // One count for all who ask meanwhile: each with its own would let the whole burst through.
    const current = counting.get(type) ?? count(definition, limit).finally(() => counting.delete(type));
    counting.set(type, current);
    return current;
  };

  return {
    async admit(definition, jobs) {
      const limit = definition.queueLimit;
      if (limit === null) return;
      const counted = await countOf(definition, limit);
      if (counted.waiting + jobs <= limit) {
        counted.waiting += jobs;
        return;
      }
      throw new AppError("queue_full", {
        message: `The queue of "${definition.type}" holds ${limit} jobs, which is its limit. Try again later.`,
        details: { type: definition.type, queueLimit: limit },
        retryAfterMs: timeForRoomMs(definition, counted),
      });
    },
  };
}

/** From how fast the queue shrank between two counts; else from the pool's size. */
function timeForRoomMs(definition: AnyJobDefinition, { waiting, at, previous }: Count): number {
  const shrunkBy = previous === undefined ? 0 : previous.waiting - waiting;
  const perJobMs = shrunkBy > 0 ? (at - previous!.at) / shrunkBy : ASSUMED_JOB_MS / definition.concurrency;
  const aTenth = Math.max(1, waiting / 10);
  return Math.min(60_000, Math.max(1_000, Math.ceil(perJobMs * aTenth)));
}
