// Followers of one job: they share what they read, and each gets every event once, whatever happens to hints and readers.
import type { JobEvent } from "@meanwhile/protocol";
import { Gate, ManualClock, until } from "@meanwhile/store-testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Job } from "../job/job.js";
import { LOCAL_PRINCIPAL } from "../principal/principal.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { Store } from "../store/store.js";
import { createHeldJob } from "../testing/held-job.js";
import { nextTurns, startTestService, type TestService } from "../testing/test-service.js";
import type { EventReader, Subscription } from "./job-tail.js";

const access = { principal: LOCAL_PRINCIPAL };

describe("followers of one job", () => {
  it("at the same place share one read and the same events", async () => {
    const { service, reads, attempt, job } = await setUp();
    const readers = await Promise.all(Array.from({ length: 100 }, () => follow(service, job)));
    await until(() => readers.every(({ seqs }) => seqs.length === 2), { what: "all have caught up" });
    const before = reads.count;

    await attempt.context.output("one");
    await until(() => readers.every(({ seqs }) => seqs.length === 3), { what: "all have the output" });

    expect(reads.count - before).toBe(1);
    expect(new Set(readers.map(({ runs }) => runs.at(-1))).size).toBe(1);
  });

  it("never share an empty answer that is older than a hint", async () => {
    const { service, reads, attempt, job } = await setUp();
    const first = await follow(service, job);
    await until(() => first.seqs.length === 2, { what: "it has caught up" });

    // A read begins that finds nothing; while its answer is under way, an event is committed.
    reads.gateBehind = new Gate();
    const late = await follow(service, job, { after: 2 });
    await until(() => reads.held > 0, { what: "the empty answer is under way" });
    await attempt.context.output("meanwhile");
    reads.gateBehind.open();

    await until(() => first.seqs.length === 3 && late.seqs.length === 1, { what: "both have the output" });
  });

  it("that pause are handed nothing, hold nothing, and continue where they were", async () => {
    const { service, attempt, job } = await setUp();
    const paused = await follow(service, job);
    const other = await follow(service, job);
    await until(() => paused.seqs.length === 2, { what: "it has caught up" });

    paused.subscription.pause();
    await Promise.all(Array.from({ length: 500 }, (_, index) => attempt.context.output(index)));
    await until(() => other.seqs.length === 502, { what: "the other one has all" });
    expect(paused.seqs).toEqual([1, 2]);
    paused.subscription.resume();
    attempt.complete();
    await Promise.all([paused.ended, other.ended]);

    expect(paused.seqs).toEqual(upTo(503));
    expect(other.seqs).toEqual(upTo(503));
  });

  it("that pause in the middle of a page get no more of it", async () => {
    const { service, attempt, job } = await setUp();
    // Four of them are more than one run of events.
    await Promise.all(Array.from({ length: 12 }, () => attempt.context.output("x".repeat(20_000))));
    const reader = await follow(service, job, { pauseAfterEach: true });

    await until(() => reader.runs.length === 1, { what: "the first run has come" });
    await nextTurns(10);

    expect(reader.runs).toHaveLength(1);
    expect(JSON.stringify(reader.runs).length).toBeLessThan(70_000);
  });

  it("are not harmed by one that throws", async () => {
    const { service, attempt, job } = await setUp();
    const good = await follow(service, job);
    const errors: unknown[] = [];
    const fault = new Error("a reader's own fault");
    service.engine.subscribe(await service.engine.get(job.id, access), {
      after: 0,
      reader: {
        onEvents() {
          throw fault;
        },
        onEnd() {},
        onError: (error) => errors.push(error),
      },
    });

    attempt.complete();
    await good.ended;

    expect(good.seqs).toEqual(upTo(3));
    expect(errors).toEqual([fault]);
  });

  it("leave no reader behind when they close", async () => {
    const { service, attempt, job, reads } = await setUp();
    const readers = await Promise.all([follow(service, job), follow(service, job)]);
    await until(() => readers.every(({ seqs }) => seqs.length === 2), { what: "all have caught up" });
    const before = reads.count;

    for (const { subscription } of readers) {
      subscription.pause();
      subscription.close();
      subscription.close();
      subscription.resume();
    }
    await attempt.context.output("nobody reads this");
    await nextTurns(5);

    expect(reads.count).toBe(before);
  });

  it("get 1 to n in order, each once: slow or fast, from anywhere, with hints that are lost", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("output" as const), count: fc.integer({ min: 1, max: 230 }) }),
      fc.record({ kind: fc.constant("turns" as const), count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant("join" as const), after: fc.nat(250), isSlow: fc.boolean() }),
      fc.record({ kind: fc.constant("pause" as const), reader: fc.nat(8) }),
      fc.record({ kind: fc.constant("resume" as const), reader: fc.nat(8) }),
      fc.record({ kind: fc.constant("close" as const), reader: fc.nat(8) }),
      fc.record({ kind: fc.constant("deaf" as const), isDeaf: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (script) => {
        const { service, job, attempt, hints } = await setUp();
        const readers = [await follow(service, job), await follow(service, job, { pauseAfterEach: true })];
        const written: Promise<void>[] = [];
        let outputs = 0;
        for (const move of script) {
          const reader = "reader" in move ? readers[move.reader % readers.length]! : undefined;
          switch (move.kind) {
            case "output":
              for (let index = 0; index < move.count; index++) written.push(attempt.context.output(outputs++));
              break;
            case "turns":
              await nextTurns(move.count);
              break;
            case "join": {
              const { lastSeq } = await service.job(job.id);
              const after = Math.min(move.after, lastSeq);
              readers.push(await follow(service, job, { after, pauseAfterEach: move.isSlow }));
              break;
            }
            case "pause":
              reader?.subscription.pause();
              break;
            case "resume":
              reader?.subscription.resume();
              break;
            case "close":
              reader?.subscription.close();
              break;
            case "deaf":
              hints.areLost = move.isDeaf;
          }
        }
        await Promise.all(written);
        attempt.complete();
        await service.reaches(job.id, "COMPLETED");
        const open = readers.filter((reader) => !reader.isClosed());
        await until(
          async () => {
            for (const { subscription } of open) subscription.resume();
            // The rare look of every process is what is left where hints are lost.
            await service.pass(1_000);
            return open.every((reader) => reader.hasEnded());
          },
          { what: "every reader has ended" },
        );

        for (const reader of readers) {
          const last = reader.isClosed() ? (reader.seqs.at(-1) ?? reader.after) : outputs + 3;
          expect(reader.seqs).toEqual(upTo(last, reader.after + 1));
        }
      }),
      { numRuns: 40 },
    );
  });
});

const upTo = (last: number, first = 1) =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);

interface Following {
  readonly after: number;
  readonly seqs: number[];
  readonly runs: (readonly JobEvent[])[];
  readonly subscription: Subscription;
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  isClosed(): boolean;
}

async function follow(
  service: TestService,
  job: Job,
  { after = 0, pauseAfterEach = false }: { after?: number; pauseAfterEach?: boolean } = {},
): Promise<Following> {
  const seqs: number[] = [];
  const runs: (readonly JobEvent[])[] = [];
  let hasEnded = false;
  let isClosed = false;
  let settle: { resolve(): void; reject(error: unknown): void } | undefined;
  const ended = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Many are still open when their service stops with the test.
  ended.catch(() => {});
  const reader: EventReader = {
    onEvents(events) {
      runs.push(events);
      seqs.push(...events.map(({ seq }) => seq));
      if (pauseAfterEach) opened.pause();
    },
    onEnd() {
      hasEnded = true;
      settle?.resolve();
    },
    onError: (error) => settle?.reject(error),
  };
  const opened = service.engine.subscribe(await service.engine.get(job.id, access), { after, reader });
  const subscription: Subscription = {
    get cursor() {
      return opened.cursor;
    },
    pause: () => opened.pause(),
    resume: () => opened.resume(),
    close() {
      isClosed = !hasEnded;
      opened.close();
    },
  };
  return { after, seqs, runs, subscription, ended, hasEnded: () => hasEnded, isClosed: () => isClosed };
}

/** A running job on a store whose reads are counted, and can be held back; whose hints can be lost. */
async function setUp() {
  const held = createHeldJob();
  const clock = new ManualClock();
  const memory = createMemoryStore({ clock });
  const reads: { count: number; held: number; gateBehind?: Gate } = { count: 0, held: 0 };
  const hints = { areLost: false };
  const store: Store = {
    ...memory,
    events: {
      ...memory.events,
      async read(jobId, options) {
        reads.count++;
        const page = await memory.events.read(jobId, options);
        if (reads.gateBehind !== undefined && page.length === 0) {
          reads.held++;
          await reads.gateBehind.passed;
        }
        return page;
      },
    },
  };
  // Another process runs the job where hints are lost: it shares the store and nothing else.
  const worker = await startTestService([held.definition], { clock, store });
  const service = await startTestService([held.definition], { clock, store, worker: false });
  const { engine } = worker;
  const submit = async () => (await engine.submit({ type: "held" }, access)).job;
  const job = await submit();
  const attempt = await held.attempt(1);
  return {
    service: { ...service, engine: followingEngine(worker, service, hints) } as TestService,
    job,
    attempt,
    reads,
    hints,
  };
}

/** Follows in the process that runs the job, or, where hints shall be lost, in one that hears none. */
function followingEngine(near: TestService, far: TestService, hints: { areLost: boolean }): TestService["engine"] {
  return {
    ...near.engine,
    subscribe: (job, options) => (hints.areLost ? far : near).engine.subscribe(job, options),
  };
}
