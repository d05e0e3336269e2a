// Followers of the whole log: in commit order, without a gap or a double, and nothing that is not theirs.
import { ManualClock, until } from "@meanwhile/store-testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { LOCAL_PRINCIPAL, type Principal } from "../principal/principal.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { Store } from "../store/store.js";
import { nextTurns, startTestService, type TestService } from "../testing/test-service.js";
import type { LogFilter, LogItem } from "./log-page.js";
import type { LogSubscription } from "./log-tail.js";

const plain = defineJob({ type: "plain", run: () => "the result" });
const other = defineJob({ type: "other", run: () => null });
const admin: Principal = { ...LOCAL_PRINCIPAL, name: "admin", owner: "house", scopes: ["jobs:read", "jobs:admin"] };
const ownerOf = (owner: string): Principal => ({ ...LOCAL_PRINCIPAL, owner });

describe("followers of the whole log", () => {
  it("see what is theirs from the moment on in which they came, results included", async () => {
    const { service } = await setUp();
    await run(service, "acme");
    const acme = await follow(service, { principal: ownerOf("acme") });
    const shop = await follow(service, { principal: ownerOf("shop") });

    const job = await run(service, "acme");
    await until(() => acme.items.length === 3, { what: "all three events have come" });

    expect(acme.told()).toEqual([`${job.id}:1`, `${job.id}:2`, `${job.id}:3`]);
    expect(acme.items.at(-1)).toMatchObject({ jobType: "plain", event: { data: { result: "the result" } } });
    expect(shop.items).toEqual([]);
  });

  it("see every owner's with jobs:admin, in the order of the commits", async () => {
    const { service, store } = await setUp();
    for (const owner of ["acme", "shop", "acme"]) await run(service, owner);

    const all = await follow(service, { principal: admin, after: null });
    await until(() => all.items.length === 9, { what: "all nine events have come" });

    const log = await store.events.readLog({ after: null, limit: 100 });
    expect(all.items.map(({ position }) => position)).toEqual(log.events.map(({ position }) => position));
  });

  it("get what they asked for: job types, statuses, kinds of events", async () => {
    const { service } = await setUp();
    const principal = ownerOf("acme");
    const types = await follow(service, { principal, types: ["other"] });
    const statuses = await follow(service, { principal, statuses: ["PENDING"] });
    const events = await follow(service, { principal, events: ["job.completed"], types: ["plain"] });

    await run(service, "acme", "plain");
    await run(service, "acme", "other");
    await until(() => types.items.length === 3 && statuses.items.length === 2, { what: "they have come" });

    expect(events.items).toHaveLength(1);
    // What was not wanted is passed over, so that nobody reads it again.
    expect(events.subscription.cursor).toBe(types.subscription.cursor);
  });

  it("share one read at the end of the log, and make each event whole once", async () => {
    const { service, reads } = await setUp();
    const many = await Promise.all(Array.from({ length: 50 }, () => follow(service, { principal: ownerOf("acme") })));
    await nextTurns(5);
    const before = reads.count;

    const { id } = (
      await service.engine.submit({ type: "plain", runAt: "2030-01-01T00:00:00.000Z" }, { principal: ownerOf("acme") })
    ).job;
    await until(() => many.every(({ items }) => items.length === 1), { what: "all have it" });

    expect(reads.count - before).toBeLessThanOrEqual(2);
    expect(new Set(many.map(({ items }) => items[0])).size).toBe(1);
    expect(many[0]!.told()).toEqual([`${id}:1`]);
  });

  it("refuse a position that cannot be read, and start again at one of another store", async () => {
    const { service } = await setUp();
    const job = await run(service, "acme");

    await expect(follow(service, { principal: admin, after: "nonsense" })).rejects.toMatchObject({
      code: "invalid_request",
    });
    const foreign = await follow(service, { principal: admin, after: "9".repeat(15).padStart(16, "0") });
    await until(() => foreign.items.length === 1, { what: "it is told" });

    expect(foreign.items[0]).toMatchObject({ kind: "reset" });
    expect(job.status).toBe("COMPLETED");
  });

  it("are told of a gap, once, and only of their own", async () => {
    const { service } = await setUp();
    const acme = await follow(service, { principal: ownerOf("acme") });
    const shop = await follow(service, { principal: ownerOf("shop") });
    await nextTurns(5);
    const [fromAcme, fromShop] = [acme.subscription.cursor, shop.subscription.cursor];
    acme.subscription.close();
    shop.subscription.close();
    const gone = await run(service, "acme");
    await service.engine.purge(gone.id, { principal: ownerOf("acme") });
    const kept = await run(service, "acme");

    const back = await follow(service, { principal: ownerOf("acme"), after: fromAcme });
    const stranger = await follow(service, { principal: ownerOf("shop"), after: fromShop });
    await until(() => back.items.length === 4, { what: "the gap and what is kept have come" });

    expect(back.items[0]).toEqual({ kind: "reset", position: fromAcme });
    expect(back.told()).toEqual([`${kept.id}:1`, `${kept.id}:2`, `${kept.id}:3`]);
    expect(stranger.items).toEqual([]);
  });

  it("end with the service, after all that is stored", async () => {
    const { service } = await setUp();
    const acme = await follow(service, { principal: ownerOf("acme") });
    await run(service, "acme");

    const stopped = service.stop({ graceMs: 0 });
    const isTold = () => {
      // A stop waits for timers of its own.
      service.clock.advance(1);
      return acme.error() !== undefined;
    };
    await until(isTold, { what: "it is told" });
    await stopped;

    expect(acme.error()).toMatchObject({ code: "shutting_down" });
    expect(acme.items).toHaveLength(3);
  });

  it("can be iterated over, until the signal", async () => {
    const { service } = await setUp();
    await run(service, "acme");
    const ending = new AbortController();
    const seqs: number[] = [];

    for await (const item of service.engine.followAll({ principal: admin, after: null, signal: ending.signal })) {
      if (item.kind === "event") seqs.push(item.event.seq);
      if (seqs.length === 3) ending.abort();
    }

    expect(seqs).toEqual([1, 2, 3]);
    expect(service.clock.pendingTimers).toBeLessThan(10);
  });

  it("skip and repeat nothing, whoever pauses, leaves and comes back, and whatever hints are lost", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("submit" as const), count: fc.integer({ min: 1, max: 300 }) }),
      fc.record({ kind: fc.constant("turns" as const), count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant("pause" as const), reader: fc.nat(2) }),
      fc.record({ kind: fc.constant("resume" as const), reader: fc.nat(2) }),
      fc.record({ kind: fc.constant("reconnect" as const), reader: fc.nat(2) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.boolean(), async (script, isDeaf) => {
        const { service, store } = await setUp();
        // In a process of its own, every hint is lost: the rare look must do.
        const reading = isDeaf
          ? await startTestService([plain], { clock: service.clock, store, worker: false })
          : service;
        const readers = await Promise.all(
          [0, 1, 2].map((index) => follow(reading, { principal: admin, after: null, pauseAfterEach: index === 1 })),
        );
        const written: Promise<unknown>[] = [];
        for (const move of script) {
          const reader = "reader" in move ? readers[move.reader]! : undefined;
          if (move.kind === "submit") {
            for (let index = 0; index < move.count; index++) written.push(submitLater(service));
          } else if (move.kind === "turns") await nextTurns(move.count);
          else if (move.kind === "pause") reader?.subscription.pause();
          else if (move.kind === "resume") reader?.subscription.resume();
          else await reader?.reconnect();
        }
        await Promise.all(written);
        const whole = (await store.events.readLog({ after: null, limit: 100_000 })).events;
        await until(
          async () => {
            for (const { subscription } of readers) subscription.resume();
            await reading.pass(1_000);
            return readers.every(({ items }) => items.length >= whole.length);
          },
          { what: "all have read everything" },
        );

        for (const { items } of readers) {
          expect(items.map(({ position }) => position)).toEqual(whole.map(({ position }) => position));
        }
      }),
      { numRuns: 25 },
    );
  });
});

function submitLater({ engine }: TestService) {
  return engine.submit({ type: "plain", runAt: "2030-01-01T00:00:00.000Z" }, { principal: LOCAL_PRINCIPAL });
}

async function setUp() {
  const clock = new ManualClock();
  const memory = createMemoryStore({ clock });
  const reads = { count: 0 };
  const store: Store = {
    ...memory,
    events: {
      ...memory.events,
      readLog(options) {
        reads.count++;
        return memory.events.readLog(options);
      },
    },
  };
  return { service: await startTestService([plain, other], { clock, store }), store, reads };
}

async function run(service: TestService, owner: string, type = "plain") {
  const { job } = await service.engine.submit({ type }, { principal: ownerOf(owner) });
  return service.reaches(job.id, "COMPLETED");
}

interface FollowOptions extends LogFilter {
  principal: Principal;
  after?: string | null;
  pauseAfterEach?: boolean;
}

async function follow(service: TestService, { pauseAfterEach = false, ...options }: FollowOptions) {
  const items: LogItem[] = [];
  let error: unknown;
  let subscription: LogSubscription;
  const connect = async (after: string | null | undefined): Promise<void> => {
    const opened = await service.engine.subscribeAll({
      ...options,
      after,
      reader: {
        onEvents(run) {
          items.push(...run);
          if (pauseAfterEach) opened.pause();
        },
        onEnd() {},
        onError(thrown) {
          error = thrown;
        },
      },
    });
    subscription = opened;
  };
  await connect(options.after);
  return {
    items,
    get subscription() {
      return subscription;
    },
    error: () => error,
    told: () => items.flatMap((item) => (item.kind === "event" ? [`${item.event.jobId}:${item.event.seq}`] : [])),
    async reconnect() {
      subscription.close();
      await connect(items.at(-1)?.position ?? null);
    },
  };
}
