// The job types of the client's tests. Those that wait do so at gates that the test opens, one after the other.
import { defineJob, NonRetryableError } from "@meanwhile/core";
import { Gate } from "@meanwhile/store-testkit";
import { z } from "zod";

export interface TestJobs {
  readonly definitions: ReturnType<typeof definitionsOf>;
  /** Lets whoever waits, or will wait, at this gate go on. */
  open(gate: string): void;
  openAll(): void;
}

export type TestDefinitions = TestJobs["definitions"];

export function createTestJobs(): TestJobs {
  const gates = new Map<string, Gate>();
  let isOpen = false;
  const gateOf = (name: string): Gate => {
    const gate = gates.get(name) ?? new Gate();
    gates.set(name, gate);
    if (isOpen) gate.open();
    return gate;
  };
  return {
    definitions: definitionsOf((name) => gateOf(name).passed),
    open: (gate) => gateOf(gate).open(),
    openAll: () => {
      isOpen = true;
      for (const gate of gates.values()) gate.open();
    },
  };
}

function definitionsOf(pass: (gate: string) => Promise<void>) {
  const echo = defineJob({ type: "test.echo", run: ({ parameters }) => parameters });
  const fail = defineJob({
    type: "test.fail",
    parameters: z.object({ code: z.string(), message: z.string() }),
    run({ parameters }): null {
      throw new NonRetryableError(parameters.code, parameters.message, { details: { step: 3 } });
    },
  });
  const count = defineJob({
    type: "test.count",
    parameters: z.object({ upTo: z.int().min(0), gates: z.array(z.string()).default([]) }),
    result: z.object({ counted: z.number() }),
    async run({ parameters, progress, output, signal }) {
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
      for (let step = 1; step <= parameters.upTo; step++) {
        const gate = parameters.gates[step - 1];
        if (gate !== undefined) await Promise.race([pass(gate), aborted]);
        await output({ step });
      }
      await progress(0.5, "half way", { currentStep: 1, totalSteps: 2 });
      return { counted: parameters.upTo };
    },
  });
  const large = defineJob({
    type: "test.large",
    parameters: z.object({ bytes: z.int() }),
    run: ({ parameters }) => ({ text: "x".repeat(parameters.bytes) }),
  });
  const copy = defineJob({
    type: "test.copy",
    parameters: z.object({ file: z.uuid() }),
    result: z.object({ file: z.uuid() }),
    async run({ parameters, files }) {
      const source = await files.open(parameters.file);
      return { file: (await files.save(source.stream(), { name: "copy.txt", mediaType: "text/plain" })).id };
    },
  });
  return [echo, fail, count, large, copy] as const;
}
