// A job type whose attempts run until the test lets them end, and that tells what happened to each.
import { until } from "@meanwhile/store-testkit";
import type { JobContext } from "../definition/context.js";
import { type AnyJobDefinition, defineJob, type JobOptions } from "../definition/define-job.js";
import { nextTurns } from "./test-service.js";

export interface HeldAttempt {
  readonly context: JobContext<Record<string, unknown>>;
  readonly jobId: string;
  /** Lets the handler return this. */
  complete(result?: unknown): void;
  fail(error: unknown): void;
  /** The reason of its signal, once it has fired. */
  abortedBy(): string | undefined;
}

export interface HeldJob {
  readonly definition: AnyJobDefinition;
  readonly attempts: readonly HeldAttempt[];
  /** Waits for the n-th attempt (counted from 1) to begin, and for the worker to have set its timers. */
  attempt(n: number): Promise<HeldAttempt>;
}

export type HeldJobOptions = Partial<Omit<JobOptions<string, undefined, undefined>, "run">> & {
  /** Never looks at its signal. Default: rejects as soon as it fires. */
  deaf?: boolean;
};

export function createHeldJob({ deaf = false, type = "held", ...options }: HeldJobOptions = {}): HeldJob {
  const attempts: HeldAttempt[] = [];
  const definition = defineJob({
    type,
    ...options,
    run: (context) =>
      new Promise((resolve, reject) => {
        if (!deaf) context.signal.addEventListener("abort", () => reject(context.signal.reason), { once: true });
        attempts.push({
          context,
          jobId: context.job.id,
          complete: (result = null) => resolve(result),
          fail: reject,
          abortedBy: () => (context.signal.aborted ? (context.signal.reason as { reason: string }).reason : undefined),
        });
      }),
  });
  return {
    definition,
    attempts,
    async attempt(n) {
      const begun = await until(() => attempts[n - 1], { what: `attempt ${n} of "${type}" begins` });
      await nextTurns();
      return begun;
    },
  };
}
