// One attempt: when it is told to stop, and what counts of what it did then.
import { ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineJob } from "../definition/define-job.js";
import { LOCAL_PRINCIPAL } from "../principal/principal.js";
import { createMemoryStore } from "../store/memory-store.js";
import { createHeldJob } from "../testing/held-job.js";
import { startTestService } from "../testing/test-service.js";

const access = { principal: LOCAL_PRINCIPAL };

describe("a time limit", () => {
  it("ends an attempt that takes too long, and has it retried", async () => {
    const held = createHeldJob({ timeoutMs: 1_000, retry: { maxAttempts: 2 } });
    const service = await startTestService([held.definition]);
    const job = await service.submit("held");
    const first = await held.attempt(1);

    service.clock.advance(999);
    expect(first.abortedBy()).toBeUndefined();
    service.clock.advance(1);

    expect(first.abortedBy()).toBe("timeout");
    const second = await held.attempt(2);
    expect(await service.told(job.id)).toEqual(["submitted", "started", "retrying", "started"]);
    service.clock.advance(1_000);
    expect(second.abortedBy()).toBe("timeout");
    expect((await service.reaches(job.id, "FAILED")).error?.code).toBe("timeout");
  });

  it("throws away what the handler returns after it", async () => {
    const deaf = createHeldJob({ deaf: true, timeoutMs: 1_000, retry: { maxAttempts: 1 } });
    const service = await startTestService([deaf.definition]);
    const job = await service.submit("held");
    const attempt = await deaf.attempt(1);

    service.clock.advance(1_000);
    attempt.complete("late");

    expect(await service.reaches(job.id, "FAILED")).toMatchObject({ error: { code: "timeout" }, result: null });
  });

  it("of the submit is stricter than that of the type", async () => {
    const held = createHeldJob({ timeoutMs: 1_000, retry: { maxAttempts: 1 } });
    const service = await startTestService([held.definition]);
    const job = await service.submit("held", {}, { timeoutMs: 10 });
    await held.attempt(1);

    service.clock.advance(10);

    await service.reaches(job.id, "FAILED");
  });
});

describe("a deadline", () => {
  it("ends a running attempt for good", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const job = await service.submit("held", {}, { completeWithinMs: 2_000 });
    const attempt = await held.attempt(1);

    service.clock.advance(2_000);

    expect(attempt.abortedBy()).toBe("deadline_exceeded");
    expect((await service.reaches(job.id, "FAILED")).error?.code).toBe("deadline_exceeded");
  });
});

describe("a cancellation", () => {
  it("reaches a handler of the same process at once", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const job = await service.submit("held");
    const attempt = await held.attempt(1);

    const cancelled = await service.engine.cancel(job.id, access);
    await until(() => attempt.abortedBy(), { what: "the signal fires" });

    expect(cancelled.outcome).toBe("requested");
    expect(attempt.abortedBy()).toBe("cancelled");
    await service.reaches(job.id, "CANCELLED");
    expect(await service.told(job.id)).toEqual(["submitted", "started", "cancel_requested", "cancelled"]);
  });

  it("reaches a handler of another process with its next heartbeat, whatever hints were lost", async () => {
    const held = createHeldJob();
    const clock = new ManualClock();
    const store = createMemoryStore({ clock });
    const worker = await startTestService([held.definition], { clock, store, worker: { leaseMs: 900 } });
    const api = await startTestService([held.definition], { clock, store, worker: false });
    const job = await worker.submit("held");
    const attempt = await held.attempt(1);

    await api.engine.cancel(job.id, access);
    clock.advance(300);
    await until(() => attempt.abortedBy(), { what: "the signal fires" });

    expect(attempt.abortedBy()).toBe("cancelled");
    await worker.reaches(job.id, "CANCELLED");
  });

  it("does not undo what the handler had returned before it saw it", async () => {
    const deaf = createHeldJob({ deaf: true });
    const service = await startTestService([deaf.definition]);
    const job = await service.submit("held");
    const attempt = await deaf.attempt(1);

    await service.engine.cancel(job.id, access);
    attempt.complete("done");

    expect((await service.reaches(job.id, "COMPLETED")).cancelRequestedBy).toBe("local");
  });

  it("ends a handler that does not listen without it, after the grace, and says so in the log", async () => {
    const deaf = createHeldJob({ deaf: true });
    const service = await startTestService([deaf.definition], { worker: { abortGraceMs: 2_000, leaseMs: 60_000 } });
    const job = await service.submit("held");
    const attempt = await deaf.attempt(1);

    await service.engine.cancel(job.id, access);
    await until(() => attempt.context.signal.aborted, { what: "the signal fires" });
    service.clock.advance(1_999);
    expect((await service.job(job.id)).status).toBe("PROCESSING");
    service.clock.advance(1);

    await service.reaches(job.id, "CANCELLED");
    expect(service.logged.map(({ message }) => message)).toContain("the handler did not stop when it was told to");
  });

  it("counts where the handler threw an error of its own because of it", async () => {
    const deaf = createHeldJob({ deaf: true });
    const service = await startTestService([deaf.definition]);
    const job = await service.submit("held");
    const attempt = await deaf.attempt(1);

    await service.engine.cancel(job.id, access);
    await until(() => attempt.context.signal.aborted, { what: "the signal fires" });
    attempt.fail(new Error("connection closed"));

    await service.reaches(job.id, "CANCELLED");
  });
});

describe("parameters", () => {
  it("are parsed again for the handler: defaults filled in, values transformed", async () => {
    const parsed: unknown[] = [];
    const greet = defineJob({
      type: "greet",
      parameters: z.object({ name: z.string().trim(), times: z.number().default(1) }),
      run: ({ parameters }) => void parsed.push(parameters),
    });
    const service = await startTestService([greet]);

    const job = await service.submit("greet", { name: " Ada " });
    await service.reaches(job.id, "COMPLETED");

    expect(parsed).toEqual([{ name: "Ada", times: 1 }]);
    expect(JSON.parse(job.parameters.body as string)).toEqual({ name: " Ada " });
  });

  it("that no longer fit the schema fail the job for good, and say where", async () => {
    const clock = new ManualClock();
    const store = createMemoryStore({ clock });
    const lax = defineJob({ type: "greet", run: () => null });
    const strict = defineJob({ type: "greet", parameters: z.strictObject({ name: z.string() }), run: () => null });
    const old = await startTestService([lax], { clock, store, worker: false });
    const job = await old.submit("greet", { name: 7 });

    const service = await startTestService([strict], { clock, store });

    const { error } = await service.reaches(job.id, "FAILED");
    expect(error?.code).toBe("invalid_parameters");
    expect(error?.message).toContain("#/parameters/name");
  });
});

describe("the context", () => {
  it("may be taken apart by the handler", async () => {
    const job = defineJob({
      type: "apart",
      async run({ progress, output, log, signal }) {
        await progress(0.5);
        await output("a");
        log.info("taken apart");
        return signal.aborted;
      },
    });
    const service = await startTestService([job]);

    const submitted = await service.submit("apart");
    await service.reaches(submitted.id, "COMPLETED");

    expect(await service.told(submitted.id)).toEqual(["submitted", "started", "progress", "output", "completed"]);
  });
});
