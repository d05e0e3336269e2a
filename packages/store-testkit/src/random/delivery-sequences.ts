// Random sequences of deliveries, in step with the memory store, and held against what must always be true of them.
import {
  afterAttempt,
  type ClaimedDelivery,
  createMemoryStore,
  type Delivery,
  isFinished,
  isRefusal,
  jsonPayload,
  type Sent,
  type Store,
  transition,
} from "@meanwhile/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeNewJob, uuidOf } from "../builders.js";
import type { Given } from "../describe-store.js";
import { BUILT_AT, ManualClock } from "../manual-clock.js";
import { makeEndpoint } from "../suite/delivery-moves.js";
import { type DeliveryCommand, deliveryCommand } from "./delivery-command.js";

const RUNS = 60;
const MAX_COMMANDS = 100;
const LIMIT_MS = 120_000;

/** What both stores were told alike. */
class World {
  now = BUILT_AT;
  readonly jobIds: string[] = [];
  readonly endpointIds: string[] = [];
  readonly deliveryIds: string[] = [];
  readonly held: ClaimedDelivery[] = [];
  readonly lanes: string[] = [];
  /** Deliveries that were finished at some time, be they queued again. */
  readonly everFinished = new Set<string>();
  #made = 0;

  newId(): string {
    return uuidOf(++this.#made);
  }

  newToken(): string {
    return `token-${String(++this.#made).padStart(16, "0")}`;
  }
}

export function describeDeliverySequences({ factory }: Given): void {
  describe("random sequences of deliveries", () => {
    it(`does in ${RUNS} of them what the memory store does, and sends each line in order`, {
      timeout: 2 * LIMIT_MS,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(deliveryCommand, { maxLength: MAX_COMMANDS, size: "max" }), async (commands) => {
          const subject = await factory.open();
          try {
            await play(commands, { reference: createMemoryStore({ clock: new ManualClock() }), subject });
          } finally {
            await factory.close(subject);
          }
        }),
        { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
      );
    });
  });
}

async function play(
  commands: readonly DeliveryCommand[],
  { reference, subject }: { reference: Store; subject: Store },
) {
  const world = new World();
  for (const [index, command] of commands.entries()) {
    const step = stepOf(command, world);
    if (step === undefined) continue;
    try {
      const expected = await step(reference);
      expect(await step(subject), "the answer").toEqual(expected);
      const { items } = await reference.deliveries.list({ limit: 10_000 });
      checkLines(world, expected, items);
      learn(world, expected, items);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`Command ${index} (${command.kind}) at ${world.now}: ${message}`, { cause: error });
    }
  }
  for (const jobId of world.jobIds) {
    const all = async (store: Store) => (await store.deliveries.list({ jobId, limit: 1_000 })).items;
    expect(await all(subject), `the deliveries of ${jobId}`).toEqual(await all(reference));
  }
  for (const id of world.endpointIds) {
    expect(await subject.webhookEndpoints.find(id)).toEqual(await reference.webhookEndpoints.find(id));
  }
}

/** Whatever is claimed for the first time stands behind nothing that has not been finished, at least once. */
function checkLines(world: World, answer: unknown, all: readonly Delivery[]): void {
  for (const claimed of claimedIn(answer)) {
    if (claimed.attemptCount > 0 || world.everFinished.has(claimed.id)) continue;
    const before = all.filter(
      ({ jobId, endpointId, seq }) => jobId === claimed.jobId && endpointId === claimed.endpointId && seq < claimed.seq,
    );
    for (const { id } of before) expect(world.everFinished, `${id} goes before ${claimed.id}`).toContain(id);
  }
}

type Step = (store: Store) => Promise<unknown>;

function stepOf(command: DeliveryCommand, world: World): Step | undefined {
  const { now } = world;
  switch (command.kind) {
    case "submit":
      return stepOfSubmit(command, world);
    case "finish":
      return stepOfFinish(command, world);
    case "claim": {
      const { limit, perLane, perOwner, leaseMs } = command;
      const lanes = new Map(
        command.full.flatMap((back) => withDefault(pick(world.lanes, back), (lane) => [lane, 0] as const)),
      );
      // Who is left alone as an owner: now and then, and always the same one.
      const owners = new Map(perOwner === 3 ? [["acme", 0]] : []);
      const rooms = { limit, perLane, lanes, perOwner, owners };
      const request = { leaseToken: world.newToken(), leaseMs, channels: ["webhook"], ...rooms, now };
      return (store) => store.deliveries.claim(request);
    }
    case "settle":
      return stepOfSettle(command, world);
    case "handBack": {
      const leases = heldBy(world, command.held).map(({ id, leaseToken }) => ({ deliveryId: id, leaseToken }));
      return (store) => store.deliveries.handBack(leases);
    }
    case "advance":
      world.now += command.ms;
      return undefined;
    case "requeue": {
      const id = pick(world.deliveryIds, command.delivery);
      return id === undefined ? undefined : (store) => store.deliveries.requeue(id, { now });
    }
    case "prune":
      return (store) => store.deliveries.prune({ finishedBefore: now - command.ageMs, limit: command.limit });
    default:
      return stepOfEndpoint(command, world);
  }
}

function stepOfSubmit(command: DeliveryCommand & { kind: "submit" }, world: World): Step {
  const { now } = world;
  const id = world.newId();
  world.jobIds.push(id);
  const { owner, type, webhook: events, born } = command;
  const webhook = events === null ? null : { url: "https://own.example/x", events, secret: null };
  const lease = { token: world.newToken(), workerId: "worker-1", expiresAt: now + 100_000 };
  const item = makeNewJob({ id, owner, type, webhook, createdAt: now, maxAttempts: 5 }, born ? { lease } : {});
  const request = { workerId: "worker-1", leaseToken: lease.token, leaseMs: 100_000, types: [{ type, limit: 1 }], now };
  return async (store) => {
    await store.jobs.insert([[item]], { now });
    return (await store.jobs.claim(request)).map((job) => job.id);
  };
}

function stepOfFinish({ job: back, how }: DeliveryCommand & { kind: "finish" }, world: World): Step | undefined {
  const { now } = world;
  const id = pick(world.jobIds, back);
  if (id === undefined) return undefined;
  const leaseToken = world.newToken();
  return async (store) => {
    const job = (await store.jobs.find(id))!;
    if (job.lease === null) return "not running";
    const { token } = job.lease;
    const error = { code: "handler_error", message: "It broke." };
    const command =
      how === "complete"
        ? ({ kind: "complete", leaseToken: token, result: jsonPayload("done") } as const)
        : ({ kind: "fail", leaseToken: token, error, retry: { afterMs: 0 } } as const);
    const decision = transition(job, command, now);
    if (isRefusal(decision)) return decision.refused;
    const results = await store.jobs.commit([decision]);
    const types = [{ type: job.type, limit: 1 }];
    const again = await store.jobs.claim({ workerId: "worker-1", leaseToken, leaseMs: 100_000, types, now });
    return [results, again.map((each) => each.id)];
  };
}

function stepOfSettle({ held, outcome }: DeliveryCommand & { kind: "settle" }, world: World): Step {
  const { now } = world;
  const sent: Sent = { outcome, statusCode: 200, durationMs: 1, error: null, responseHead: null, retryAfterMs: null };
  const settlements = heldBy(world, held).map((delivery) =>
    afterAttempt(delivery, { sent, startedAt: now, now, scheduleMs: [10, 40], random: 0.5 }),
  );
  return (store) => store.deliveries.settle(settlements);
}

type EndpointCommand = DeliveryCommand & {
  kind: "addEndpoint" | "changeEndpoint" | "removeEndpoint" | "recover" | "stop";
};

function stepOfEndpoint(command: EndpointCommand, world: World): Step | undefined {
  const { now } = world;
  if (command.kind === "addEndpoint") {
    const { owner, events, types } = command;
    const endpoint = makeEndpoint({ id: world.newId(), owner, events, types, createdAt: now, updatedAt: now });
    world.endpointIds.push(endpoint.id);
    return (store) => store.webhookEndpoints.insert(endpoint, { atMost: 4 });
  }
  const endpointId = pick(world.endpointIds, command.endpoint);
  if (endpointId === undefined) return undefined;
  switch (command.kind) {
    case "changeEndpoint": {
      const { enabled, events, url } = command;
      return (store) => store.webhookEndpoints.update(endpointId, { enabled, events, url }, { at: now });
    }
    case "removeEndpoint":
      return (store) => store.webhookEndpoints.remove(endpointId);
    case "recover": {
      const { limit, backMs } = command;
      return (store) => store.deliveries.recover({ endpointId, since: now - backMs, until: now, limit, now });
    }
    case "stop":
      return (store) => store.deliveries.stop({ endpointId, limit: command.limit, now });
  }
}

function claimedIn(answer: unknown): readonly ClaimedDelivery[] {
  return (answer as { deliveries?: readonly ClaimedDelivery[] } | null | undefined)?.deliveries ?? [];
}

function learn(world: World, answer: unknown, all: readonly Delivery[]): void {
  for (const { id, status } of all) if (isFinished(status)) world.everFinished.add(id);
  for (const delivery of claimedIn(answer)) {
    world.held.push(delivery);
    if (!world.deliveryIds.includes(delivery.id)) world.deliveryIds.push(delivery.id);
    if (!world.lanes.includes(delivery.lane)) world.lanes.push(delivery.lane);
  }
}

/** Each of them once. */
function heldBy(world: World, backs: readonly number[]): readonly ClaimedDelivery[] {
  return [...new Set(backs.flatMap((back) => pick(world.held, back) ?? []))];
}

function pick<T>(list: readonly T[], back: number): T | undefined {
  return list.length === 0 ? undefined : list[list.length - 1 - (back % list.length)];
}

function withDefault<T, U>(value: T | undefined, then: (value: T) => U): readonly U[] {
  return value === undefined ? [] : [then(value)];
}
