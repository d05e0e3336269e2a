// Readers whose service stops, or whose job is erased while they read.
import { ManualClock } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { LOCAL_PRINCIPAL as principal } from "../principal/principal.js";
import { createMemoryStore } from "../store/memory-store.js";
import { nextTurns, startTestService } from "../testing/test-service.js";

const plain = defineJob({ type: "plain", run: () => "the result" });

describe("when the service stops", () => {
  it("a follower is told so, instead of waiting for ever", async () => {
    const service = await startTestService([plain], { worker: false });
    const job = await service.submit("plain");
    const events = service.engine.follow(job.id, { principal })[Symbol.asyncIterator]();
    await events.next();
    const next = events.next();

    const told = expect(next).rejects.toMatchObject({ code: "shutting_down" });
    await service.stop();

    await told;
  });

  it("a long poll answers with the job as it is", async () => {
    const service = await startTestService([plain], { worker: false });
    const job = await service.submit("plain");
    const waiting = service.engine.wait(job.id, { principal, timeoutMs: 60_000 });
    await nextTurns();

    await service.stop();

    expect(await waiting).toMatchObject({ id: job.id, status: "PENDING" });
  });

  it("a reader that comes later still gets what is stored, and the store is watched no more", async () => {
    const clock = new ManualClock();
    const memory = createMemoryStore({ clock });
    let watchers = 0;
    const store = {
      ...memory,
      watch: () => {
        watchers++;
        return () => {
          watchers--;
        };
      },
    };
    const service = await startTestService([plain], { clock, store });
    const job = await service.submit("plain");
    await service.reaches(job.id, "COMPLETED");
    await service.stop();

    const seen: string[] = [];
    for await (const { type } of service.engine.follow(job.id, { principal })) seen.push(type);
    await service.engine.wait(job.id, { principal, timeoutMs: 1_000, until: ({ lastSeq }) => lastSeq !== job.lastSeq });

    expect(seen).toEqual(["job.submitted", "job.started", "job.completed"]);
    expect(watchers).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("when the job is erased while it is read", () => {
  it("a follower is told so, instead of skipping events that went first", async () => {
    const clock = new ManualClock();
    const memory = createMemoryStore({ clock });
    let erasedUpTo = 0;
    const store = {
      ...memory,
      events: {
        ...memory.events,
        read: async (id: string, options: { after: number; limit: number }) =>
          (await memory.events.read(id, options)).filter(({ seq }) => seq > erasedUpTo),
      },
    };
    const service = await startTestService([plain], { clock, store, started: false });
    const job = await service.submit("plain");
    const events = service.engine.follow(job.id, { principal })[Symbol.asyncIterator]();
    await events.next();

    erasedUpTo = 2;
    await service.start();
    await service.reaches(job.id, "COMPLETED");

    await expect(events.next()).rejects.toMatchObject({ code: "job_purged" });
  });
});
