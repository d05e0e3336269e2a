// An attempt whose lease was taken can neither report nor complete: on every store, with a clock that the test moves.
import { join } from "node:path";
import {
  type AnyJobDefinition,
  createMemoryStore,
  createService,
  defineJob,
  type InstrumentPoints,
  type JobContext,
  LOCAL_PRINCIPAL,
  type Service,
  type Store,
  subscribe,
} from "@meanwhile/core";
import { createSqliteStore } from "@meanwhile/store-sqlite";
import { ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { testFolder } from "../harness/folder.js";

const LEASE_MS = 900;

interface Stores {
  /** Two connections to the same data, as two processes have them. */
  open(clock: ManualClock): Promise<readonly [Store, Store]>;
}

const STORES: Readonly<Record<string, Stores>> = {
  memory: {
    async open(clock) {
      const store = createMemoryStore({ clock });
      return [store, store];
    },
  },
  sqlite: {
    async open(clock) {
      const file = join(testFolder(), "meanwhile.db");
      const first = await createSqliteStore({ file, clock });
      await first.migrate();
      const second = await createSqliteStore({ file, clock });
      onTestFinished(async () => {
        await first.close();
        await second.close();
      });
      return [first, second];
    },
  },
};

describe.each(Object.entries(STORES))("a lost lease on %s", (_, stores) => {
  it("lets the late attempt write nothing; the other one's result stands", async () => {
    const clock = new ManualClock();
    const [storeOfLate, storeOfOther] = await stores.open(clock);
    const stalled = stallable(storeOfLate);
    const late = deafJob();
    const other = deafJob();
    const lost: InstrumentPoints["meanwhile:lease-lost"][] = [];
    onTestFinished(subscribe("meanwhile:lease-lost", (facts) => lost.push(facts)));
    const lateWorker = await startWorker(late.definition, { store: stalled.store, clock });
    const { job } = await lateWorker.engine.submit({ type: "deaf" }, { principal: LOCAL_PRINCIPAL });
    const lateAttempt = await late.attempt(1);
    await lateAttempt.context.progress(0.1, "by the late one");
    await lateAttempt.context.output("by the late one");

    // Its process stalls: no heartbeat goes out, and it sweeps nothing.
    stalled.begin();
    const otherWorker = await startWorker(other.definition, { store: storeOfOther, clock });
    const otherAttempt = await until(
      async () => {
        clock.advance(50);
        return other.begun[0];
      },
      { what: "the other worker has taken the job", limitMs: 10_000 },
    );
    expect(otherAttempt.context.job.attempt).toBe(2);
    stalled.end();

    // Each of its ways to write, before it has learnt of its loss by itself.
    const written = lateAttempt.context.output("too late");
    await expect(written).rejects.toMatchObject({ reason: "lease_lost" });
    await lateAttempt.context.progress(0.99, "too late");
    lateAttempt.complete("worthless");
    await until(() => lost.length > 0, { what: "the loss is published" });
    expect(lateAttempt.context.signal.reason).toMatchObject({ reason: "lease_lost" });
    await otherAttempt.context.output("by the other one");
    otherAttempt.complete("worth it");

    const ended = await until(
      async () => {
        const found = await storeOfOther.jobs.find(job.id);
        return found?.status === "COMPLETED" ? found : undefined;
      },
      { what: "the job is COMPLETED" },
    );
    const events = await storeOfOther.events.read(job.id, { after: 0, limit: 100 });
    expect(ended.result?.body).toBe('"worth it"');
    expect(events.map(({ type, attempt }) => `${attempt} ${type}`)).toEqual([
      "0 job.submitted",
      "1 job.started",
      "1 job.progress",
      "1 job.output",
      "1 job.retrying",
      "2 job.started",
      "2 job.output",
      "2 job.completed",
    ]);
    expect(lost).toMatchObject([{ jobId: job.id, attempt: 1 }]);
    await Promise.all([stop(lateWorker, clock), stop(otherWorker, clock)]);
  });

  it("is learnt with the next heartbeat, and the signal fires", async () => {
    const clock = new ManualClock();
    const [storeOfLate, storeOfOther] = await stores.open(clock);
    const stalled = stallable(storeOfLate);
    const late = deafJob();
    const other = deafJob();
    const lateWorker = await startWorker(late.definition, { store: stalled.store, clock });
    await lateWorker.engine.submit({ type: "deaf" }, { principal: LOCAL_PRINCIPAL });
    const lateAttempt = await late.attempt(1);
    stalled.begin();
    const otherWorker = await startWorker(other.definition, { store: storeOfOther, clock });
    await until(
      () => {
        clock.advance(50);
        return other.begun[0];
      },
      { what: "the other worker has taken the job", limitMs: 10_000 },
    );
    expect(lateAttempt.context.signal.aborted).toBe(false);

    stalled.end();
    await until(
      () => {
        clock.advance(50);
        return lateAttempt.context.signal.aborted;
      },
      { what: "the late attempt learns of its loss" },
    );

    expect(lateAttempt.context.signal.reason).toMatchObject({ reason: "lease_lost" });
    other.begun[0]!.complete();
    await Promise.all([stop(lateWorker, clock), stop(otherWorker, clock)]);
  });
});

interface Begun {
  readonly context: JobContext;
  complete(result?: unknown): void;
}

/** Its attempts never look at their signal and end when the test lets them. */
function deafJob() {
  const begun: Begun[] = [];
  const definition = defineJob({
    type: "deaf",
    timeoutMs: false,
    retry: { initialDelayMs: 0 },
    run: (context) =>
      new Promise((resolve) => {
        // Asked for once, so that it is there when it fires.
        void context.signal;
        begun.push({ context, complete: resolve });
      }),
  });
  const attempt = (n: number) => until(() => begun[n - 1], { what: `attempt ${n} begins` });
  return { definition, begun, attempt };
}

/** A store whose heartbeats and sweeps stand still for a while, as those of a stalled process do. */
function stallable(store: Store) {
  let stalled = false;
  const stand = <T>(answer: () => Promise<T>): Promise<T> =>
    stalled ? Promise.reject(new Error("this process is stalled")) : answer();
  return {
    begin: () => {
      stalled = true;
    },
    end: () => {
      stalled = false;
    },
    store: {
      ...store,
      jobs: {
        ...store.jobs,
        extendLeases: (leases, options) => stand(() => store.jobs.extendLeases(leases, options)),
        findDue: (due, options) => stand(() => store.jobs.findDue(due, options)),
        claim: (request) => stand(() => store.jobs.claim(request)),
      },
    } satisfies Store,
  };
}

async function startWorker(
  definition: AnyJobDefinition,
  { store, clock }: { store: Store; clock: ManualClock },
): Promise<Service> {
  const service = createService(
    { store, jobs: [definition], fileBytes: noFiles, clock, random: () => 0 },
    { worker: { leaseMs: LEASE_MS, pollEveryMs: 100, progressEveryMs: 0 } },
  );
  await service.start();
  return service;
}

async function stop(service: Service, clock: ManualClock): Promise<void> {
  let stopped = false;
  void service.stop({ graceMs: 0 }).then(() => {
    stopped = true;
  });
  await until(
    () => {
      clock.advance(10);
      return stopped;
    },
    { what: "the worker has stopped" },
  );
}

const noFiles = {
  write: () => Promise.reject(new Error("there are no files here")),
  read: () => {
    throw new Error("there are no files here");
  },
  remove: async () => {},
  sweep: async () => 0,
};
