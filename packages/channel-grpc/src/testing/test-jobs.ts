// The job types of the tests. Those that wait do so at a gate that the test opens.
import { type AnyJobDefinition, defineJob, NonRetryableError } from "@meanwhile/core";
import { Gate } from "@meanwhile/store-testkit";
import { z } from "zod";

export interface TestJobs {
  readonly definitions: readonly AnyJobDefinition[];
  /** Lets `test.gated` jobs with this gate go on, also those that come later. */
  open(gate: string): void;
  openAll(): void;
}

export function createTestJobs(): TestJobs {
  const gates = new Map<string, Gate>();
  const gateOf = (name: string): Gate => {
    const gate = gates.get(name) ?? new Gate();
    gates.set(name, gate);
    return gate;
  };
  return {
    definitions: [echo, fail, gated((name) => gateOf(name).passed), keyed, count, talk, large],
    open: (gate) => gateOf(gate).open(),
    openAll: () => {
      for (const gate of gates.values()) gate.open();
    },
  };
}

const echo = defineJob({ type: "test.echo", run: ({ parameters }) => parameters });

const fail = defineJob({
  type: "test.fail",
  parameters: z.object({ code: z.string(), message: z.string() }),
  run({ parameters }) {
    throw new NonRetryableError(parameters.code, parameters.message, { details: { tried: 1 } });
  },
});

const gated = (pass: (gate: string) => Promise<void>) =>
  defineJob({
    type: "test.gated",
    parameters: z.strictObject({ gate: z.string() }),
    async run({ parameters, signal }) {
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
      await Promise.race([pass(parameters.gate), aborted]);
      return { gate: parameters.gate };
    },
  });

const keyed = defineJob({ type: "test.keyed", idempotencyKey: "required", run: () => null });

const count = defineJob({
  type: "test.count",
  parameters: z.strictObject({ steps: z.int().min(1).max(10).default(2) }),
  async run({ parameters: { steps }, progress }) {
    for (let step = 1; step <= steps; step++) {
      await progress(step / steps, `step ${step}`, { currentStep: step, totalSteps: steps });
    }
    return { steps };
  },
});

/** Output, chunk by chunk: each is an event of its own, so there are as many updates as the test wants. */
const talk = defineJob({
  type: "test.talk",
  parameters: z.strictObject({ chunks: z.int(), bytes: z.int() }),
  async run({ parameters: { chunks, bytes }, output }) {
    for (let chunk = 0; chunk < chunks; chunk++) await output("x".repeat(bytes));
  },
});

const large = defineJob({
  type: "test.large",
  parameters: z.strictObject({ bytes: z.int() }),
  run: ({ parameters: { bytes } }) => "x".repeat(bytes),
});
