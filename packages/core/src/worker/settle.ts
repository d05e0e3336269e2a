// From an attempt's outcome to a stored fact: the one place where a worker changes a status.
import type { Writer } from "../batch/writer.js";
import type { Clock, Random } from "../clock.js";
import { isOutage } from "../errors.js";
import type { JobState, Progress } from "../job/job.js";
import { backoffMs } from "../job/retry.js";
import { type Command, isRefusal, transition } from "../job/transitions.js";
import type { Logger } from "../logger.js";
import type { Store } from "../store/store.js";
import type { Attempt } from "./attempt.js";
import { type Outcome, outcomeOfError, type Retry } from "./outcome.js";

export interface SettleDependencies {
  store: Store;
  writer: Writer;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Whether settling may go on waiting for a store that is away. */
  mayWait(): boolean;
}

/** `lost`: the lease was gone, nothing was written, and the outcome is thrown away (invariant I4). */
export type Settled = "settled" | "lost";

/** Waits between two tries while the store is away, in milliseconds. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;

export async function settle(dependencies: SettleDependencies, attempt: Attempt, outcome: Outcome): Promise<Settled> {
  const progress = await attempt.close();
  if (outcome.kind === "aborted" && outcome.reason === "lease_lost") return "lost";
  const { ownWrites, claimed } = attempt;
  try {
    return await settleUntilStored(dependencies, attempt, { outcome, progress });
  } catch (error) {
    // Statements alone may be run again, a transaction with all that the handler did in it may not.
    const isWorthWaiting = isOutage(error) && ownWrites?.transaction === undefined;
    if (outcome.kind !== "completed" || ownWrites === undefined || isWorthWaiting) throw error;
    // The handler's own writes were refused: nothing was written, and the attempt failed by it.
    dependencies.logger.error({ err: error, jobId: claimed.id }, "the statements of context.commit failed");
    return await settleUntilStored(dependencies, attempt, { outcome: outcomeOfError(error), progress });
  } finally {
    ownWrites?.rollback();
  }
}

interface What {
  outcome: Outcome;
  progress: Progress | undefined;
}

async function settleUntilStored(dependencies: SettleDependencies, attempt: Attempt, what: What): Promise<Settled> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await settleOnce(dependencies, attempt, what);
    } catch (error) {
      // The work is done; as long as the lease may still hold, its outcome is worth waiting for.
      const isOver = what.outcome.kind === "completed" && attempt.ownWrites?.transaction !== undefined;
      if (!isOutage(error) || isOver || !dependencies.mayWait()) throw error;
      dependencies.logger.warn(
        { err: error, jobId: attempt.claimed.id, waitMs },
        "the store is away; settling is tried again",
      );
      await new Promise<void>((resolve) => dependencies.clock.after(waitMs, resolve));
    }
  }
}

async function settleOnce(
  { store, writer, clock, random }: SettleDependencies,
  attempt: Attempt,
  what: What,
): Promise<Settled> {
  const { claimed, definition } = attempt;
  const leaseToken = claimed.lease.token;
  let job: JobState | undefined = claimed;
  while (job !== undefined && job.lease?.token === leaseToken) {
    const waitFor = (retry: Retry) => {
      if (retry === "never") return retry;
      return retry === "backoff"
        ? { afterMs: backoffMs(definition.retry, { failedAttempt: claimed.attempt, random: random() }) }
        : retry;
    };
    const command = commandFor(what.outcome, { leaseToken, waitFor, progress: what.progress });
    const decision = transition(job, command, clock.now());
    if (isRefusal(decision)) return "lost";
    const own = what.outcome.kind === "completed" ? attempt.ownWrites : undefined;
    const result = await writer.commit(decision, {
      type: claimed.type,
      userStatements: own?.statements ?? [],
      transaction: own?.transaction,
    });
    if (result.outcome === "committed") return "settled";
    // A fact has changed: a cancel wish came in, or the lease is gone. Read again and decide again.
    job = await store.jobs.find(claimed.id);
  }
  return "lost";
}

interface CommandParts {
  leaseToken: string;
  waitFor(retry: Retry): "never" | { afterMs: number };
  progress: Progress | undefined;
}

function commandFor(outcome: Outcome, { leaseToken, waitFor, progress }: CommandParts): Command {
  const common = progress === undefined ? { leaseToken } : { leaseToken, progress };
  if (outcome.kind === "completed") return { kind: "complete", result: outcome.result, ...common };
  if (outcome.kind === "failed")
    return { kind: "fail", error: outcome.error, retry: waitFor(outcome.retry), ...common };
  switch (outcome.reason) {
    case "cancelled":
      return { kind: "abortCancelled", ...common };
    case "timeout":
      return { kind: "fail", error: TIMEOUT, retry: waitFor("backoff"), ...common };
    case "deadline_exceeded":
      return { kind: "fail", error: DEADLINE, retry: "never", ...common };
    case "stopping":
    case "lease_lost":
      return { kind: "handBack", ...common };
  }
}

const TIMEOUT = { code: "timeout", message: "The attempt took too long." };
const DEADLINE = { code: "deadline_exceeded", message: "The job was not finished in time." };
