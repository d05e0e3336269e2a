// Whatever receivers answer and whenever processes die: no delivery is lost, lines keep their order, bodies and ids never change.
import { ManualClock, makeNewJob, until } from "@meanwhile/store-testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWakeups } from "../event/wakeups.js";
import { createIdSource } from "../ids.js";
import { jsonPayload } from "../job/payload.js";
import { isRefusal, transition } from "../job/transitions.js";
import { silentLogger } from "../logger.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { Store } from "../store/store.js";
import { createScriptedChannel, sent } from "../testing/scripted-channel.js";
import { nextTurns } from "../testing/test-service.js";
import type { Sending, Sent } from "./channel.js";
import { createDispatcher } from "./dispatcher.js";
import { resolveDeliveryOptions } from "./options.js";
import type { Delivery } from "./webhooks.js";

/** `hang`: the process dies with this sending under way, its lease held. */
type Fate = "accepted" | "failed" | "hang";

const fates = fc.array(fc.constantFrom<Fate>("accepted", "accepted", "failed", "hang"), {
  minLength: 1,
  maxLength: 30,
});

describe("deliveries", () => {
  it("all reach an end, in the order of their line, the same on every attempt", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fates, fc.integer({ min: 1, max: 4 }), fc.boolean(), async (script, jobs, slow) => {
        const clock = new ManualClock();
        const store = createMemoryStore({ clock });
        for (let n = 0; n < jobs; n++) await runJob(store, clock, n);
        const sendings: Sending[] = [];

        await sendAll(store, { clock, script: [...script], sendings, perTargetConcurrency: slow ? 1 : 10 });

        const all = await deliveriesOf(store);
        expect(all).toHaveLength(3 * jobs);
        expect(all.filter(({ finishedAt }) => finishedAt === null)).toEqual([]);
        checkOrder(all, sendings);
        for (const { id } of all) {
          const bodies = sendings.filter(({ deliveryId }) => deliveryId === id).map(({ body }) => body);
          expect(new Set(bodies).size, "one body for all attempts").toBe(1);
        }
      }),
      { numRuns: 60 },
    );
  });
});

async function deliveriesOf(store: Store): Promise<readonly Delivery[]> {
  return (await store.deliveries.list({ limit: 1_000 })).items;
}

/** No first sending of a delivery comes before the last one of its predecessor, which was finished then. */
function checkOrder(all: readonly Delivery[], sendings: readonly Sending[]): void {
  const order = sendings.map(({ deliveryId }) => deliveryId);
  for (const later of all) {
    for (const earlier of all) {
      if (earlier.jobId !== later.jobId || earlier.seq >= later.seq) continue;
      expect(order.lastIndexOf(earlier.id), "the earlier one was finished").toBeLessThan(order.indexOf(later.id));
    }
  }
}

/** A job whose three events are wanted by its own target. */
async function runJob(store: Store, clock: ManualClock, n: number): Promise<void> {
  const events = ["job.submitted", "job.started", "job.completed"] as const;
  const webhook = { url: `https://receiver-${n % 2}.example/`, events, secret: null };
  await store.jobs.insert([[makeNewJob({ webhook, createdAt: clock.now() })]]);
  const types = [{ type: "report", limit: 1 }];
  const [job] = await store.jobs.claim({ workerId: "w", leaseToken: `lease-${n}`, leaseMs: 60_000, types });
  const done = transition(job!, { kind: "complete", leaseToken: `lease-${n}`, result: jsonPayload(n) }, clock.now());
  if (!isRefusal(done)) await store.jobs.commit([done]);
}

interface SendAllOptions {
  readonly clock: ManualClock;
  /** What becomes of the sendings, one after the other; then all are accepted. */
  readonly script: Fate[];
  readonly sendings: Sending[];
  readonly perTargetConcurrency: number;
}

/** One process after the other: each lives until a sending hangs. */
async function sendAll(store: Store, { clock, script, sendings, perTargetConcurrency }: SendAllOptions): Promise<void> {
  const options = resolveDeliveryOptions({ scheduleMs: [1_000, 1_000], perTargetConcurrency, probeAfterFailures: 2 });
  const isOver = async () => (await deliveriesOf(store)).every(({ finishedAt }) => finishedAt !== null);
  while (!(await isOver())) {
    let dead = false;
    const answer = (sending: Sending): Promise<Sent> | Sent => {
      sendings.push(sending);
      const fate = script.shift() ?? "accepted";
      if (fate === "hang") dead = true;
      return fate === "hang" ? new Promise<Sent>(() => {}) : sent(fate);
    };
    const ofProcess = onlyWhile(store, () => !dead);
    const process = createDispatcher(
      {
        store: ofProcess,
        pushChannels: [createScriptedChannel({ answer })],
        wakeups: createWakeups({ store, clock, logger: silentLogger }),
        clock,
        random: () => 0.5,
        ids: createIdSource({ clock, randomBytes: (bytes) => void crypto.getRandomValues(bytes) }),
        logger: silentLogger,
      },
      options,
    );
    process.start();
    await until(
      async () => {
        clock.advance(500);
        await nextTurns();
        return dead || (await isOver());
      },
      { what: "the process dies, or everything is sent" },
    );
    // It is not stopped but gone: no lease is handed back, nothing more is written.
    dead = true;
  }
}

/** The store as a process sees it that may die: from then on nothing that it writes arrives. */
function onlyWhile(store: Store, isAlive: () => boolean): Store {
  const dead = new Promise<never>(() => {});
  const deliveries = new Proxy(store.deliveries, {
    get(target, name, receiver) {
      const method = Reflect.get(target, name, receiver) as (...values: unknown[]) => unknown;
      if (name !== "claim" && name !== "settle" && name !== "handBack") return method;
      return (...values: unknown[]) => (isAlive() ? method.apply(target, values) : dead);
    },
  });
  return { ...store, deliveries };
}
