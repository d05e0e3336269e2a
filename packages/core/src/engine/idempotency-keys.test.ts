// Idempotency keys, whichever door they come through.
import { describe, expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { LOCAL_PRINCIPAL as principal } from "../principal/principal.js";
import { startTestService } from "../testing/test-service.js";

const plain = defineJob({ type: "plain", run: () => null });

describe("an idempotency key that no header could carry", () => {
  it.each([
    ["empty", ""],
    ["too long", "k".repeat(256)],
    ["with NUL", "a\0b"],
    ["with the separator of a batch's own keys", "batch\u001f0"],
    ["no text", 7 as unknown as string],
  ])("is refused: %s", async (_, idempotencyKey) => {
    const { engine } = await startTestService([plain], { worker: false });
    const options = { principal, idempotencyKey };

    await expect(engine.submit({ type: "plain" }, options)).rejects.toMatchObject({ code: "invalid_request" });
    await expect(engine.submitBatch([{ type: "plain" }], options)).rejects.toMatchObject({ code: "invalid_request" });
  });
});

describe("a key of 255 printable characters", () => {
  it("also serves a whole batch, and its replay", async () => {
    const { engine } = await startTestService([plain], { worker: false });
    const options = { principal, idempotencyKey: "~".repeat(255) };
    const items = [{ type: "plain" }, { type: "plain" }];

    const first = await engine.submitBatch(items, options);
    const again = await engine.submitBatch(items, options);

    expect(again.map(({ job, replayed }) => [job.id, replayed])).toEqual(first.map(({ job }) => [job.id, true]));
  });
});
