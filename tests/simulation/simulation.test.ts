// Many small worlds, each with another course of events by chance: whatever happens, the log keeps every promise.
//
// MEANWHILE_SIMULATION_RUNS: how many worlds. Default: 40. MEANWHILE_SIMULATION_SEED: the first one's seed, to repeat it.
import { readJsonPayload, type StoredEvent } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { audit } from "../crash/audit/audit.js";
import type { EventFact, Facts } from "../crash/audit/facts.js";
import { createRandom, type Random } from "../harness/random.js";
import { World } from "./world.js";

const RUNS = Number(process.env.MEANWHILE_SIMULATION_RUNS ?? 40);
const FIRST_SEED = Number(process.env.MEANWHILE_SIMULATION_SEED ?? Date.now() % 1_000_000);
const STEPS = 60;

describe("simulation", () => {
  it(`keeps every promise in ${RUNS} worlds (from seed ${FIRST_SEED})`, {
    timeout: 30_000 + RUNS * 3_000,
  }, async () => {
    const happened = new Set<string>();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
      const random = createRandom(seed);
      const world = new World(random);
      await world.addWorker();
      await world.addWorker();

      for (let step = 0; step < STEPS; step++) await takeStep(world, random);
      world.joinAll();
      await world.finish();
      await world.stop();

      const facts = await factsOf(world);
      expect(audit(facts, world.promises), `seed ${seed}`).toEqual([]);
      for (const what of facts.events.map(nameOf)) happened.add(what);
      expect(world.clock.pendingTimers, `timers left behind, seed ${seed}`).toBeLessThanOrEqual(MOST_HANDLER_TIMERS);
    }
    // Worlds in which nothing happens prove nothing.
    expect([...happened]).toEqual(expect.arrayContaining(MUST_HAPPEN));
  });
});

const MUST_HAPPEN = [
  "job.completed",
  "job.failed",
  "job.cancelled",
  "job.cancel_requested",
  "job.output",
  "job.retrying handler_error",
  "job.retrying timeout",
  "job.retrying lease_expired",
  "job.retrying handed_back",
];

/** The event's type, and the reason where it is a retry. */
function nameOf({ type, data }: EventFact): string {
  const error = data?.error as { code: string } | undefined;
  return type === "job.retrying" ? `${type} ${error?.code}` : type;
}

/** Handlers that were told to stop may still wait for their time; nothing else may. */
const MOST_HANDLER_TIMERS = STEPS;

async function takeStep(world: World, random: Random): Promise<void> {
  const kind = random.next();
  if (kind < 0.4) await world.submit();
  else if (kind < 0.55) await world.cancel();
  else if (kind < 0.65) await world.read();
  else if (kind < 0.9) await world.pass(50 * (1 + random.below(20)));
  else if (kind < 0.96) world.toggle();
  else if (world.workers < 3) await world.addWorker();
  else await world.removeWorker(random.pick([0, 500]));
}

async function factsOf({ store }: World): Promise<Facts> {
  const { items } = await store.jobs.list({ limit: 10_000 });
  const { events } = await store.events.readLog({ after: null, limit: 1_000_000 });
  return {
    integrity: ["ok"],
    orphanEvents: 0,
    jobs: items.map((job) => ({
      ...job,
      hasLease: job.lease !== null,
      result: job.result === null ? null : String(job.result.body),
    })),
    events: events.map((event) => ({ ...event, position: Number(event.position), data: dataOf(event) })),
    keys: undefined,
    witnessed: [],
    journal: [],
  };
}

function dataOf({ data }: StoredEvent): EventFact["data"] {
  return data === null ? null : (readJsonPayload(data) as EventFact["data"]);
}
