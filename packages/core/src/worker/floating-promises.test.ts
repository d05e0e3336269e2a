// Handlers that do not wait for what they report: their mistakes must not end the process, and all other jobs with it.
import { describe, expect, it, onTestFinished } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { nextTurns, startTestService } from "../testing/test-service.js";

describe("a report that nobody waits for and that cannot be taken", () => {
  it.each([
    ["a progress out of range, which is only progress", "progress", Number.NaN, "COMPLETED"],
    ["an output that is too large, by which the job fails", "output", "x".repeat(100_000), "FAILED"],
  ] as const)("does not end its process, and is logged: %s", async (_, verb, value, status) => {
    const unhandled = watchUnhandled();
    const floating = defineJob({
      type: "floating",
      run: (context) => {
        void context[verb](value as never);
        return "done";
      },
    });
    const service = await startTestService([floating]);

    const { id } = await service.submit("floating");
    await service.reaches(id, status);
    await nextTurns();

    expect(unhandled).toEqual([]);
    expect(service.logged).toContainEqual(
      expect.objectContaining({ level: "warn", message: `what the handler gave to ${verb} could not be taken` }),
    );
  });

  it("still reaches a handler that waits", async () => {
    const waiting = defineJob({
      type: "waiting",
      run: ({ progress }) => progress(2),
      retry: { maxAttempts: 1 },
    });
    const service = await startTestService([waiting]);

    const { id } = await service.submit("waiting");

    await service.reaches(id, "FAILED");
  });
});

function watchUnhandled(): readonly unknown[] {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", note);
  onTestFinished(() => {
    process.removeAllListeners("unhandledRejection");
    for (const other of others) process.on("unhandledRejection", other);
  });
  return unhandled;
}
