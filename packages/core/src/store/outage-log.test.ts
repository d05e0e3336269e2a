// What the log says of a store that goes away and comes back.
import { ManualClock } from "@meanwhile/store-testkit";
import { expect, it } from "vitest";
import { AppError } from "../errors.js";
import type { Logger } from "../logger.js";
import { nextTurns } from "../testing/test-service.js";
import { createOutageLog } from "./outage-log.js";

it("an outage is one line at its begin and one at its end, which counts what failed", async () => {
  const { clock, lines, log, away } = given();

  for (let count = 0; count < 50; count++) log.logger.warn({ err: away }, "heartbeat failed");
  log.logger.error({ err: away, jobId: "a" }, "the outcome could not be stored");
  await pass(clock, 3_000);

  expect(lines).toEqual([
    ["error", { reason: "It is away." }, "the store cannot be used; what needs it is tried again"],
    [
      "info",
      { awayMs: 3_000, failures: { "heartbeat failed": 50, "the outcome could not be stored": 1 } },
      "the store can be used again",
    ],
  ]);
});

it("the next outage is told again, and every other line is written as ever", async () => {
  const { clock, lines, log, away } = given();
  const bug = new Error("bug");

  log.logger.warn({ err: away }, "heartbeat failed");
  log.logger.warn({ err: bug }, "a chore failed; it is tried again");
  await pass(clock, 3_000);
  log.logger.warn({ err: away }, "heartbeat failed");
  log.stop();

  expect(lines.map(([level]) => level)).toEqual(["error", "warn", "info", "error"]);
  expect(lines[1]).toEqual(["warn", { err: bug }, "a chore failed; it is tried again"]);
});

/** A store that is back at its third look. */
function given() {
  const clock = new ManualClock();
  const lines: [string, object, string][] = [];
  const write = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message]);
  const logger: Logger = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  let looks = 0;
  const store = {
    check: async () => (++looks < 3 ? { ok: false as const, reason: "It is away." } : { ok: true as const, facts: {} }),
  };
  const away = new AppError("store_unavailable", { message: "It is away." });
  return { clock, lines, away, log: createOutageLog({ store, clock, logger }) };
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    clock.advance(500);
    await nextTurns(5);
  }
}
