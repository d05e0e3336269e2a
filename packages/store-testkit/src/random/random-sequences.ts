// Random command sequences in step with the memory store: as many as MEANWHILE_TEST_RUNS says.
import { createMemoryStore } from "@meanwhile/core";
import fc from "fast-check";
import { describe, it } from "vitest";
import type { Given } from "../describe-store.js";
import { ManualClock } from "../manual-clock.js";
import { play } from "./play.js";
import { randomCommand } from "./random-command.js";

/** Enough to meet most differences every day, few enough for every commit. */
const DEFAULT_RUNS = 100;
/** Long enough that jobs live, retry, end and are purged in one sequence. */
const MAX_COMMANDS = 120;
/** Per sequence, on a slow disk; what is over then counts as failed, and a failure is shrunk no longer than that. */
const LIMIT_MS_PER_RUN = 800;

export function describeRandomSequences({ factory }: Given): void {
  const runs = numberFrom("MEANWHILE_TEST_RUNS") ?? DEFAULT_RUNS;
  const seed = numberFrom("MEANWHILE_TEST_SEED");
  const limitMs = 30_000 + runs * LIMIT_MS_PER_RUN;

  describe("random sequences", () => {
    it(`does in ${runs} random sequences what the memory store does`, { timeout: 2 * limitMs }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(randomCommand, { maxLength: MAX_COMMANDS, size: "max" }), async (commands) => {
          const subject = await factory.open();
          const reference = createMemoryStore({ clock: new ManualClock() });
          try {
            await play(commands, { reference, subject });
          } finally {
            await factory.close(subject);
          }
        }),
        {
          numRuns: runs,
          ...(seed === undefined ? {} : { seed }),
          interruptAfterTimeLimit: limitMs,
          markInterruptAsFailure: true,
        },
      );
    });
  });
}

function numberFrom(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const number = Number(text);
  if (!Number.isInteger(number)) throw new Error(`${name} is "${text}"; it must be a whole number.`);
  return number;
}
