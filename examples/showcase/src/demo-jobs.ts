// The demonstration types: small jobs with one behaviour each, for checks, documents and first steps.
import { setTimeout as wait } from "node:timers/promises";
import { type AnyJobDefinition, defineJob, NonRetryableError, RetryableError } from "meanwhile";
import { z } from "zod";

/** They cost next to nothing; what waits should not keep others waiting. */
const CONCURRENCY = 100;
const DAY_MS = 86_400_000;

/** Waits exactly as long as the table says: without jitter. */
const RETRY = { maxAttempts: 3, initialDelayMs: 200, jitter: "none" } as const;

/** Returns its parameters. */
export const echo = defineJob({
  type: "demo.echo",
  description: "Returns its parameters, whatever they are.",
  concurrency: CONCURRENCY,
  run: ({ parameters }) => parameters,
});

/** Waits, and stops waiting when it is told to. */
export const sleep = defineJob({
  type: "demo.sleep",
  description: "Waits for some milliseconds.",
  parameters: z.strictObject({ ms: z.int().min(0).max(DAY_MS) }),
  result: z.strictObject({ ms: z.int() }),
  concurrency: CONCURRENCY,
  timeoutMs: false,
  async run({ parameters: { ms }, signal }) {
    await wait(ms, undefined, { signal });
    return { ms };
  },
});

/** Counts its steps, tells its progress, and fails when it is asked to. */
export const countdown = defineJob({
  type: "demo.countdown",
  description: "Counts steps with progress; fails and is retried where asked to.",
  parameters: z.strictObject({
    steps: z.int().min(1).max(10_000).default(5),
    stepMs: z.int().min(0).max(DAY_MS).default(200),
    failAtStep: z.int().min(1).optional(),
    failAttempts: z.int().min(0).default(0),
    output: z.boolean().default(false),
  }),
  result: z.strictObject({ steps: z.int(), attempts: z.int() }),
  retry: RETRY,
  concurrency: CONCURRENCY,
  timeoutMs: false,
  async run({ parameters, progress, output, signal, job }) {
    const { steps, stepMs, failAtStep, failAttempts } = parameters;
    for (let step = 1; step <= steps; step++) {
      await wait(stepMs, undefined, { signal });
      if (step === failAtStep && job.attempt <= failAttempts) {
        throw new Error(`Attempt ${job.attempt} fails at step ${step}, as asked.`);
      }
      if (parameters.output) await output({ step, steps });
      await progress(step / steps, `Step ${step} of ${steps}`, { currentStep: step, totalSteps: steps });
    }
    return { steps, attempts: job.attempt };
  },
});

/** Fails with the given words. */
export const fail = defineJob({
  type: "demo.fail",
  description: "Fails with the given code and message.",
  parameters: z.strictObject({
    code: z.string().min(1).max(100),
    message: z.string().min(1).max(1_000),
    retryable: z.boolean().default(false),
  }),
  retry: RETRY,
  concurrency: CONCURRENCY,
  run({ parameters: { code, message, retryable } }) {
    throw retryable ? new RetryableError(code, message) : new NonRetryableError(code, message);
  },
});

/** Writes lines into its log. */
export const log = defineJob({
  type: "demo.log",
  description: "Writes that many lines into its log.",
  parameters: z.strictObject({ lines: z.int().min(0).max(10_000) }),
  result: z.strictObject({ lines: z.int() }),
  concurrency: CONCURRENCY,
  run({ parameters: { lines }, log }) {
    for (let line = 1; line <= lines; line++) log.info(`Line ${line} of ${lines}`, { line });
    return { lines };
  },
});

export const demoJobs: readonly AnyJobDefinition[] = [echo, sleep, countdown, fail, log];
