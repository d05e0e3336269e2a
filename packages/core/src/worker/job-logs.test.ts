// What handlers log: kept with the job, bounded, and never a reason to fail.

import { ManualClock } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import type { JobLog } from "../definition/context.js";
import { type AnyJobDefinition, defineJob } from "../definition/define-job.js";
import { currentLogFields } from "../log-context.js";
import { createMemoryStore } from "../store/memory-store.js";
import { startTestService } from "../testing/test-service.js";

describe("a handler's log", () => {
  it("is kept in order with the attempt, and stored when the job is over", async () => {
    const { lines } = await runLogging((log) => {
      log.debug("a detail");
      log.info("begun", { page: 1 });
      log.error("broken", { error: new Error("why") });
    });

    expect(lines.map(({ seq, level, message, attempt }) => [seq, level, message, attempt])).toEqual([
      [1, "debug", "a detail", 1],
      [2, "info", "begun", 1],
      [3, "error", "broken", 1],
    ]);
    expect(JSON.parse(lines[1]!.fields!)).toEqual({ page: 1 });
    expect(lines[2]!.fields).toContain("Error: why");
  });

  it("is bounded to 1,000 lines and one note", async () => {
    const { lines } = await runLogging((log) => {
      for (let index = 0; index < 1_100; index++) log.info(`line ${index}`);
    });

    expect(lines).toHaveLength(1_001);
    expect(lines.at(-1)).toMatchObject({ level: "warn", message: expect.stringContaining("1000 are kept") });
  });

  it("takes any text and any fields", async () => {
    const loop: { self?: object } = {};
    loop.self = loop;
    const { lines } = await runLogging((log) => {
      log.info("NUL \0 and \ud800");
      log.info("x".repeat(100_000));
      log.info("cycle", loop as Record<string, unknown>);
      log.info("large", { text: "y".repeat(100_000) });
      log.info("NUL inside", { text: "a\0b" });
    });

    expect(lines[0]!.message).toBe("NUL \u2400 and \ufffd");
    expect(Buffer.byteLength(lines[1]!.message)).toBeLessThanOrEqual(65_536);
    expect(lines[1]!.message).toMatch(/ … \(cut\)$/);
    expect(lines[2]!.fields).toContain("no JSON form");
    expect(lines[3]!.fields).toContain("too large");
    expect(lines[4]!.fields).not.toContain("\\u0000");
  });

  it("does not fail the job where it cannot be stored", async () => {
    const clock = new ManualClock();
    const memory = createMemoryStore({ clock });
    const store = { ...memory, logs: { ...memory.logs, append: () => Promise.reject(new Error("disk full")) } };
    const service = await startTestService([logging((log) => log.info("lost"))], { clock, store });

    const job = await service.submit("logging");
    await service.reaches(job.id, "COMPLETED");

    expect(service.logged.map(({ message }) => message)).toContain("a line of the job's log could not be stored");
  });

  it("carries the job, the attempt and the trace of its submit into the process's log", async () => {
    const seen: unknown[] = [];
    const service = await startTestService([
      logging(async () => {
        await Promise.resolve();
        seen.push(currentLogFields());
      }),
    ]);
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const { job } = await service.engine.submit(
      { type: "logging" },
      {
        principal: { owner: "local", name: "local", scopes: null, expiresAt: null, credentialId: null },
        origin: { requestId: "request-1", traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
      },
    );
    await service.reaches(job.id, "COMPLETED");

    expect(seen).toEqual([{ jobId: job.id, type: "logging", attempt: 1, requestId: "request-1", traceId }]);
  });
});

async function runLogging(write: (log: JobLog) => void) {
  const service = await startTestService([logging(write)]);
  const job = await service.submit("logging");
  await service.reaches(job.id, "COMPLETED");
  const lines = await service.store.logs.read(job.id, { after: 0, limit: 5_000, minLevel: "debug" });
  return { lines };
}

function logging(write: (log: JobLog) => void | Promise<void>): AnyJobDefinition {
  return defineJob({ type: "logging", run: ({ log }) => write(log) });
}
