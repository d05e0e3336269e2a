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
    definitions: [echo, fail, gated((name) => gateOf(name).passed), keyed, form, copy, limited],
    open: (gate) => gateOf(gate).open(),
    openAll: () => {
      for (const gate of gates.values()) gate.open();
    },
  };
}

const echo = defineJob({
  type: "test.echo",
  description: "Gives back what it gets.",
  run: ({ parameters }) => parameters,
});

const fail = defineJob({
  type: "test.fail",
  parameters: z.object({ code: z.string(), message: z.string() }),
  run({ parameters }) {
    throw new NonRetryableError(parameters.code, parameters.message);
  },
});

const gated = (pass: (gate: string) => Promise<void>) =>
  defineJob({
    type: "test.gated",
    parameters: z.strictObject({ gate: z.string(), progress: z.number().optional() }),
    async run({ parameters, progress, log, signal }) {
      if (parameters.progress !== undefined)
        await progress(parameters.progress, "under way", { currentStep: 1, totalSteps: 4 });
      log.info("waiting", { gate: parameters.gate });
      log.debug("a detail");
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
      await Promise.race([pass(parameters.gate), aborted]);
      return { gate: parameters.gate };
    },
  });

const keyed = defineJob({ type: "test.keyed", idempotencyKey: "required", run: () => null });

const limited = defineJob({
  type: "test.limited",
  queueLimit: 1,
  parameters: z.strictObject({ steps: z.int().min(1).max(10).default(5) }),
  run: () => null,
});

const form = defineJob({
  type: "test.form",
  http: { path: "/api/forms" },
  parameters: z.strictObject({
    file: z.uuid(),
    width: z.int().optional(),
    gray: z.boolean().optional(),
    title: z.string().optional(),
  }),
  async run({ parameters, files }) {
    const { name, sizeBytes } = await files.open(parameters.file);
    return { name, sizeBytes, ...parameters };
  },
});

/** Its result is a file, and it has the routes of file conversions. */
const copy = defineJob({
  type: "test.copy",
  http: { path: "/api/files/convert" },
  parameters: z.strictObject({ file: z.uuid(), targetFormat: z.enum(["txt", "none"]) }),
  result: z.object({ file: z.uuid() }),
  async run({ parameters, files, progress }) {
    const source = await files.open(parameters.file);
    if (parameters.targetFormat === "none") throw new NonRetryableError("no_format", "There is no such format.");
    await progress(0.5, "copying");
    const { id } = await files.save(source.stream(), { name: `copy of ${source.name}`, mediaType: source.mediaType });
    return { file: id };
  },
});
