// Durations that a calendar cannot hold: refused where they are configured, shortened where a handler gives them.
import { describe, expect, it } from "vitest";
import { systemClock } from "../clock.js";
import { defineJob, type JobOptions } from "../definition/define-job.js";
import { RetryAfterError } from "../definition/handler-errors.js";
import { ConfigurationError } from "../errors.js";
import type { FileBytes } from "../files/file-bytes.js";
import { createService, type ServiceOptions } from "../service.js";
import { createMemoryStore } from "../store/memory-store.js";
import { startTestService } from "../testing/test-service.js";

const TEN_YEARS_MS = 315_360_000_000;

describe("a duration beyond ten years", () => {
  it.each<[string, Partial<JobOptions<"far", undefined, undefined>>]>([
    ["retentionMs", { retentionMs: Number.MAX_SAFE_INTEGER }],
    ["startWithinMs", { startWithinMs: TEN_YEARS_MS + 1 }],
    ["timeoutMs", { timeoutMs: Number.MAX_SAFE_INTEGER }],
    ["retry.maxDelayMs", { retry: { maxDelayMs: Number.MAX_SAFE_INTEGER } }],
    ["retry.initialDelayMs", { retry: { initialDelayMs: Number.MAX_SAFE_INTEGER } }],
  ])("is refused as %s of a type", (option, options) => {
    const define = () => defineJob({ type: "far", run: () => null, ...options });

    expect(define).toThrow(ConfigurationError);
    expect(define).toThrow(`${option} must be a whole number of milliseconds of at least`);
  });

  it.each<[string, ServiceOptions]>([
    ["files.retentionMs", { files: { retentionMs: Number.MAX_SAFE_INTEGER } }],
    ["shutdownGraceMs", { shutdownGraceMs: -1 }],
    ["worker.leaseMs", { worker: { leaseMs: Number.POSITIVE_INFINITY } }],
  ])("is refused as %s of a service", (option, options) => {
    const store = createMemoryStore({ clock: systemClock });

    const create = () => createService({ store, jobs: [], fileBytes: {} as FileBytes }, options);

    expect(create).toThrow(`${option} must be a whole number of milliseconds of at least`);
  });

  it("is shortened where a handler asks to be run again after it", async () => {
    const far = defineJob({
      type: "far",
      run: () => {
        throw new RetryAfterError(1e300);
      },
    });
    const service = await startTestService([far]);

    const { id, createdAt } = await service.submit("far");

    await service.reaches(id, "PENDING");
    expect(await service.told(id)).toEqual(["submitted", "started", "retrying"]);
    expect((await service.job(id)).runAt).toBe(createdAt + TEN_YEARS_MS);
  });
});
