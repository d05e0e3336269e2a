// The job types of the programs under test: small, and each with one behaviour.
import { appendFileSync, existsSync } from "node:fs";
import { defineJob, NonRetryableError } from "meanwhile";
import { z } from "zod";

const echo = defineJob({
  type: "test.echo",
  description: "Returns its parameters at once.",
  run: ({ parameters }) => parameters,
});

const wait = defineJob({
  type: "test.wait",
  description: "Waits, obeying its signal.",
  parameters: z.strictObject({ ms: z.int().min(0) }),
  retry: { maxAttempts: 3, initialDelayMs: 100, jitter: "none" },
  concurrency: 20,
  async run({ parameters, signal, log, job }) {
    log.info("waiting", { attempt: job.attempt });
    await waited(parameters.ms, signal);
    return { attempt: job.attempt };
  },
});

const deaf = defineJob({
  type: "test.deaf",
  description: "Waits and never looks at its signal.",
  parameters: z.strictObject({ ms: z.int().min(0) }),
  async run({ parameters, job }) {
    await waited(parameters.ms, new AbortController().signal);
    return { attempt: job.attempt };
  },
});

const steps = defineJob({
  type: "test.steps",
  description: "Tells progress and output step by step; its first attempts may fail half way.",
  parameters: z.strictObject({
    steps: z.int().min(1).max(1_000).default(3),
    stepMs: z.int().min(0).default(0),
    failAttempts: z.int().min(0).default(0),
  }),
  retry: { maxAttempts: 6, initialDelayMs: 50, maxDelayMs: 200, jitter: "none" },
  concurrency: 20,
  async run({ parameters, progress, output, signal, job }) {
    for (let step = 1; step <= parameters.steps; step++) {
      await waited(parameters.stepMs, signal);
      if (job.attempt <= parameters.failAttempts && step * 2 > parameters.steps) throw new Error("half way");
      await output({ step });
      await progress(step / parameters.steps, `step ${step}`, { currentStep: step, totalSteps: parameters.steps });
    }
    return { steps: parameters.steps, attempt: job.attempt };
  },
});

const fail = defineJob({
  type: "test.fail",
  parameters: z.strictObject({ code: z.string(), message: z.string() }),
  run({ parameters }) {
    throw new NonRetryableError(parameters.code, parameters.message);
  },
});

const hasty = defineJob({
  type: "test.hasty",
  description: "Takes longer than one attempt may.",
  timeoutMs: 50,
  retry: { maxAttempts: 2, initialDelayMs: 10, jitter: "none" },
  run: ({ signal }) => waited(60_000, signal),
});

const single = defineJob({
  type: "test.single",
  description: "One at a time in each process.",
  parameters: z.strictObject({ ms: z.int().min(0) }),
  concurrency: 1,
  run: ({ parameters, signal }) => waited(parameters.ms, signal),
});

const copy = defineJob({
  type: "test.copy",
  parameters: z.strictObject({ file: z.uuid() }),
  result: z.object({ file: z.uuid() }),
  async run({ parameters, files }) {
    const source = await files.open(parameters.file);
    const { id } = await files.save(source.stream(), { name: `copy of ${source.name}`, mediaType: source.mediaType });
    return { file: id };
  },
});

const stream = defineJob({
  type: "test.stream",
  description: "Puts out numbered chunks, a few at a time; stops before the n-th until a file is there.",
  timeoutMs: false,
  retry: { maxAttempts: 20, initialDelayMs: 50, maxDelayMs: 200, jitter: "none" },
  parameters: z.strictObject({
    count: z.int().min(1).max(9_000),
    burst: z.int().min(1).default(1),
    everyMs: z.int().min(0).default(0),
    chunkBytes: z.int().min(0).default(0),
    gates: z.array(z.strictObject({ before: z.int(), file: z.string() })).default([]),
  }),
  concurrency: 20,
  async run({ parameters: { count, burst, everyMs, chunkBytes, gates }, output, signal, job }) {
    for (let n = 1; n <= count; n += burst) {
      const size = Math.min(burst, count - n + 1);
      for (const { file } of gates.filter(({ before }) => n <= before && before < n + size))
        await isThere(file, signal);
      const text = "~".repeat(chunkBytes);
      await Promise.all(Array.from({ length: size }, (_, offset) => output({ n: n + offset, text })));
      await waited(everyMs, signal);
    }
    return { count, attempt: job.attempt };
  },
});

const witness = defineJob({
  type: "test.witness",
  description: "Waits until a file is there, and writes into another one when it began, ended, or was told to end.",
  timeoutMs: false,
  retry: { maxAttempts: 20, initialDelayMs: 50, maxDelayMs: 200, jitter: "none" },
  parameters: z.strictObject({ gate: z.string(), notes: z.string() }),
  async run({ parameters: { gate, notes }, signal, job }) {
    const note = (what: string) => appendFileSync(notes, `${job.attempt} ${what}\n`);
    signal.addEventListener("abort", () => note((signal.reason as { reason: string }).reason), { once: true });
    note("began");
    await isThere(gate, signal);
    note("ended");
    return { attempt: job.attempt };
  },
});

export const jobs = [echo, wait, deaf, steps, fail, hasty, single, copy, stream, witness];

async function isThere(file: string, signal: AbortSignal): Promise<void> {
  while (!existsSync(file)) await waited(10, signal);
}

/** Resolves after the time, or rejects as soon as the signal fires. */
function waited(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 && !signal.aborted) return Promise.resolve();
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
