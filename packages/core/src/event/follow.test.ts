// `follow` never skips and never repeats, wherever it begins and whatever happens meanwhile.

import type { JobEvent } from "@meanwhile/protocol";
import { Gate, ManualClock, until } from "@meanwhile/store-testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL } from "../principal/principal.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { Store } from "../store/store.js";
import { createHeldJob } from "../testing/held-job.js";
import { nextTurns, startTestService, type TestService } from "../testing/test-service.js";

const access = { principal: LOCAL_PRINCIPAL };

describe("follow", () => {
  it("yields what is stored, then what comes, and ends after the terminal event", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const job = await service.submit("held");
    const attempt = await held.attempt(1);
    const following = collect(service.engine.follow(job.id, access));

    await until(() => following.events.length === 2, { what: "the stored events are read" });
    await attempt.context.output("a");
    attempt.complete("done");
    await following.ended;

    expect(following.events.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
      "1 job.submitted",
      "2 job.started",
      "3 job.output",
      "4 job.completed",
    ]);
    expect(following.events.at(-1)!.data).toEqual({ result: "done" });
  });

  it("resumes behind `after`, and ends at once where that is the end", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const job = await service.submit("held");
    (await held.attempt(1)).complete();
    await service.reaches(job.id, "COMPLETED");

    const behindFirst = collect(service.engine.follow(job.id, { ...access, after: 1 }));
    const behindLast = collect(service.engine.follow(job.id, { ...access, after: 3 }));
    await Promise.all([behindFirst.ended, behindLast.ended]);

    expect(behindFirst.events.map(({ seq }) => seq)).toEqual([2, 3]);
    expect(behindLast.events).toEqual([]);
  });

  it("ends quietly when its signal fires, and leaves no timer", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition], { worker: false });
    const job = await service.submit("held");
    const before = service.clock.pendingTimers;
    const ending = new AbortController();
    const following = collect(service.engine.follow(job.id, { ...access, signal: ending.signal }));
    await until(() => following.events.length === 1, { what: "the stored event is read" });

    ending.abort();
    await following.ended;
    await service.pass(2_000);

    expect(service.clock.pendingTimers).toBe(before);
  });

  it("tells of a purge that came before the reader did", async () => {
    const { service, held, reading } = await withSlowReads();
    const job = await service.submit("held");
    const attempt = await held.attempt(1);
    const following = collect(service.engine.follow(job.id, access));
    await until(() => following.events.length === 2, { what: "the stored events are read" });

    reading.gate = new Gate();
    attempt.complete("done");
    await service.reaches(job.id, "COMPLETED");
    await service.engine.purge(job.id, access);
    reading.gate.open();

    await expect(following.ended).rejects.toMatchObject({ code: "job_purged" });
  });

  it("never gives a terminal event without its result, be the job purged in between", async () => {
    const { service, held, reading } = await withSlowReads();
    const job = await service.submit("held");
    const attempt = await held.attempt(1);
    const following = collect(service.engine.follow(job.id, access));
    await until(() => following.events.length === 2, { what: "the stored events are read" });

    reading.gateBehind = new Gate();
    attempt.complete("done");
    await until(() => reading.last === "job.completed", { what: "the terminal event is read" });
    await service.engine.purge(job.id, access);
    reading.gateBehind.open();

    await expect(following.ended).rejects.toMatchObject({ code: "job_purged" });
    expect(following.events).toHaveLength(2);
  });

  it("refuses a job that is not the caller's as if it were not there", async () => {
    const held = createHeldJob();
    const service = await startTestService([held.definition]);
    const job = await service.submit("held");
    const stranger = { principal: { ...LOCAL_PRINCIPAL, owner: "other" } };

    await expect(collect(service.engine.follow(job.id, stranger)).ended).rejects.toMatchObject({
      code: "job_not_found",
    });
  });

  it("never skips and never repeats, with readers that come, go and resume at any time", async () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant("output" as const), count: fc.integer({ min: 1, max: 250 }) }),
        fc.record({ kind: fc.constant("turns" as const), count: fc.integer({ min: 1, max: 4 }) }),
        fc.record({ kind: fc.constant("reconnect" as const), reader: fc.integer({ min: 0, max: 2 }) }),
      ),
      { maxLength: 12 },
    );
    const held = createHeldJob({ concurrency: 1_000 });
    const service = await startTestService([held.definition]);
    let jobs = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const job = await service.submit("held");
        const attempt = await held.attempt(++jobs);
        const readers = [0, 1, 2].map(() => new Reader(service, job.id));
        const written: Promise<void>[] = [];
        for (const step of script) {
          if (step.kind === "output") {
            for (let index = 0; index < step.count; index++) written.push(attempt.context.output(index));
          } else if (step.kind === "turns") await nextTurns(step.count);
          else await readers[step.reader]!.reconnect();
        }
        attempt.complete();
        await Promise.all(readers.map((reader) => reader.finish()));

        const outputs = script.reduce((sum, step) => sum + (step.kind === "output" ? step.count : 0), 0);
        const expected = Array.from({ length: outputs + 3 }, (_, index) => index + 1);
        for (const reader of readers) expect(reader.seqs).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });
});

/** A service whose log is read as slowly as the test wants: `gate` before the reading, `gateBehind` after it. */
async function withSlowReads() {
  const held = createHeldJob();
  const clock = new ManualClock();
  const memory = createMemoryStore({ clock });
  const reading: { gate?: Gate; gateBehind?: Gate; last?: string } = {};
  const store: Store = {
    ...memory,
    events: {
      ...memory.events,
      async read(jobId, options) {
        await reading.gate?.passed;
        const page = await memory.events.read(jobId, options);
        const last = page.at(-1)?.type;
        if (last !== undefined) reading.last = last;
        await reading.gateBehind?.passed;
        return page;
      },
    },
  };
  return { service: await startTestService([held.definition], { clock, store }), held, reading };
}

/** A client that reads, loses its connection, and resumes from the last event that it saw. */
class Reader {
  readonly seqs: number[] = [];
  readonly #service: TestService;
  readonly #jobId: string;
  #connection: { ending: AbortController; ended: Promise<void> };

  constructor(service: TestService, jobId: string) {
    this.#service = service;
    this.#jobId = jobId;
    this.#connection = this.#connect();
  }

  async reconnect(): Promise<void> {
    this.#connection.ending.abort();
    await this.#connection.ended;
    this.#connection = this.#connect();
  }

  finish(): Promise<void> {
    return this.#connection.ended;
  }

  #connect() {
    const ending = new AbortController();
    const after = this.seqs.at(-1) ?? 0;
    const read = async () => {
      const events = this.#service.engine.follow(this.#jobId, { ...access, after, signal: ending.signal });
      for await (const { seq } of events) this.seqs.push(seq);
    };
    return { ending, ended: read() };
  }
}

function collect(source: AsyncIterable<JobEvent>): { events: JobEvent[]; ended: Promise<void> } {
  const events: JobEvent[] = [];
  const read = async () => {
    for await (const event of source) events.push(event);
  };
  return { events, ended: read() };
}
