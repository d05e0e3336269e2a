// After the handler: stores the outcome by the shortest way that fits, and says what became of it.
import { publish } from "../instrument.js";
import { isRefusal, transition } from "../job/transitions.js";
import type { Attempt } from "./attempt.js";
import type { Outcome } from "./outcome.js";
import { type SettleDependencies, settle } from "./settle.js";

export interface Settling {
  /** Calls `onDone` once, when the outcome is stored or thrown away. */
  settle(attempt: Attempt, outcome: Outcome, onDone: () => void): void;
}

interface Ended {
  readonly attempt: Attempt;
  readonly outcome: Outcome;
  readonly endedAt: number;
}

export function createSettling(dependencies: SettleDependencies): Settling {
  const { clock, writer, logger } = dependencies;

  const publishSettled = ({ attempt: { claimed, startedAt }, outcome, endedAt }: Ended) => {
    publish("meanwhile:settle", () => ({
      jobId: claimed.id,
      type: claimed.type,
      attempt: claimed.attempt,
      outcome: outcome.kind === "aborted" ? outcome.reason : outcome.kind,
      ranMs: endedAt - startedAt,
      settleMs: clock.now() - endedAt,
    }));
  };

  const settleInSteps = async (ended: Ended) => {
    const { attempt, outcome, endedAt } = ended;
    const { id: jobId, type, attempt: number } = attempt.claimed;
    if (outcome.kind === "failed" && outcome.cause !== undefined) explain(attempt, outcome.cause);
    try {
      const settled = await settle(dependencies, attempt, outcome);
      if (settled === "settled") {
        publishSettled(ended);
        return;
      }
      const facts = { jobId, type, attempt: number, ranMs: endedAt - attempt.startedAt };
      logger.warn(facts, "the lease was lost; the outcome of the attempt is thrown away");
      publish("meanwhile:lease-lost", () => facts);
    } catch (error) {
      // The lease runs out, and the job is run again.
      logger.error({ err: error, jobId, type, attempt: number }, "the outcome could not be stored");
    }
  };

  return {
    settle(attempt, outcome, onDone) {
      const ended: Ended = { attempt, outcome, endedAt: clock.now() };
      const inSteps = () => void settleInSteps(ended).then(onDone);
      // Most attempts have nothing but their result to store: one change, without a promise.
      if (outcome.kind !== "completed" || !attempt.isPlain) return inSteps();
      const { claimed } = attempt;
      const { token: leaseToken } = claimed.lease;
      const decision = transition(claimed, { kind: "complete", leaseToken, result: outcome.result }, ended.endedAt);
      if (isRefusal(decision)) return inSteps();
      writer.enqueue(decision, claimed.type, (written) => {
        const committed = "result" in written && written.result.outcome === "committed";
        if (!committed) return inSteps();
        publishSettled(ended);
        onDone();
      });
    },
  };
}

/** The text of an error is for the logs only: callers are told no more than its code allows. */
function explain(attempt: Attempt, cause: unknown): void {
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  attempt.log.error(text.split("\n", 1)[0]!, { stack: text });
}
