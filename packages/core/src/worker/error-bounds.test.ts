// What a handler's error may hold: bounded, and text that every store and every channel can carry.
import { describe, expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { NonRetryableError, RetryAfterError, RetryableError } from "../definition/handler-errors.js";
import { startTestService } from "../testing/test-service.js";
import { outcomeOfError } from "./outcome.js";

describe("the error of a failed job", () => {
  it.each([
    ["NonRetryableError", new NonRetryableError("broken", `NUL \0, half \ud800 ${"x".repeat(1_000_000)}`)],
    ["RetryableError", new RetryableError("broken", `NUL \0, half \ud800 ${"x".repeat(1_000_000)}`)],
    ["RetryAfterError", new RetryAfterError(1, `NUL \0, half \ud800 ${"x".repeat(1_000_000)}`, { code: "broken" })],
  ])("has a message that is cut and can be stored: %s", (_, thrown) => {
    const outcome = outcomeOfError(thrown);

    expect(outcome).toMatchObject({ kind: "failed", error: { code: "broken" } });
    const { message } = (outcome as { error: { message: string } }).error;
    expect(message).toMatch(/^NUL ␀, half \ufffd x+/);
    expect(message.length).toBeLessThanOrEqual(2_000);
  });

  it.each([
    ["more than 64 KiB", { rows: "x".repeat(70_000) }],
    ["NUL", { text: "a\0b" }],
    ["a lone surrogate", { text: "\udc00" }],
  ])("leaves out details with %s, and says so", (_, details) => {
    const outcome = outcomeOfError(new NonRetryableError("broken", "It broke.", { details }));

    expect(outcome).toMatchObject({
      error: { code: "broken", message: "It broke.", details: { note: expect.stringContaining("left out") } },
    });
  });

  it("keeps other details as they are", async () => {
    const breaking = defineJob({
      type: "breaking",
      run: () => {
        throw new NonRetryableError("broken", "It broke.", { details: { line: 7, text: "ü" } });
      },
    });
    const service = await startTestService([breaking]);

    const { id } = await service.submit("breaking");

    expect((await service.reaches(id, "FAILED")).error?.details).toEqual({ line: 7, text: "ü" });
  });
});
