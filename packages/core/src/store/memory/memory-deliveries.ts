// The deliveries of the memory store: claimed under leases, settled, queued again, forgotten.
import type { Clock } from "../../clock.js";
import { isFinished } from "../../delivery/delivery.js";
import { laneOf } from "../../delivery/new-delivery.js";
import type { Delivery } from "../../delivery/webhooks.js";
import { AppError } from "../../errors.js";
import type {
  ClaimedDelivery,
  DeliveryClaim,
  DeliveryClaimRequest,
  DeliverySettlement,
  DeliverySettleResult,
  DeliveryStore,
  HeldDelivery,
} from "../delivery-store.js";
import { type DeliveryRow, hintQueued } from "./memory-delivery-queue.js";
import { recordSending } from "./memory-endpoints.js";
import type { MemoryTables } from "./memory-tables.js";

export function createMemoryDeliveries(tables: MemoryTables, clock: Clock): DeliveryStore {
  const queue = tables.deliveries;
  const { rows } = queue;
  return {
    configure({ linkBase, feeds = [] }) {
      queue.linkBase = linkBase;
      queue.feeds = feeds;
    },
    onQueued(listener) {
      queue.listeners.add(listener);
      return () => void queue.listeners.delete(listener);
    },
    claim: async ({ now = clock.now(), ...request }) => claim(tables, { ...request, now }),
    settle: async (settlements) => settlements.map((settlement) => settle(tables, settlement)),
    handBack: async (leases) => {
      for (const held of leases) {
        const row = heldRow(tables, held);
        if (row !== undefined) row.lease = null;
      }
    },
    find: async (id) => {
      const row = rows.get(id);
      return row && toDelivery(row);
    },
    list: async ({ owner, jobId, status, endpointId, limit, cursor }) => {
      const before = cursor === undefined ? Number.POSITIVE_INFINITY : readCursor(cursor);
      const matching = [...rows.values()]
        .reverse()
        .filter(
          (row) =>
            row.ordinal < before &&
            (owner === undefined || row.owner === owner) &&
            (jobId === undefined || row.jobId === jobId) &&
            (status === undefined || row.status === status) &&
            (endpointId === undefined || row.endpointId === endpointId),
        );
      const page = matching.slice(0, limit);
      return {
        items: page.map(toDelivery),
        nextCursor: matching.length > page.length ? String(page.at(-1)?.ordinal ?? before) : null,
      };
    },
    requeue: async (id, { now = clock.now() } = {}) => {
      const row = rows.get(id);
      if (row === undefined) return "missing";
      if (row.lease !== null && row.lease.expiresAt > now) return "leased";
      if (row.place === "waiting") return "waiting";
      requeue(tables, row, now);
      hintQueued(queue);
      return "queued";
    },
    recover: async ({ endpointId, since, until, limit, now = clock.now() }) => {
      const given = [...rows.values()]
        .filter((row) => row.endpointId === endpointId && (row.status === "EXHAUSTED" || row.status === "STOPPED"))
        .filter(({ finishedAt }) => finishedAt! >= since && finishedAt! <= until)
        .sort((a, b) => a.finishedAt! - b.finishedAt! || a.ordinal - b.ordinal)
        .slice(0, limit);
      for (const row of given) requeue(tables, row, now);
      if (given.length > 0) hintQueued(queue);
      return given.length;
    },
    stop: async ({ endpointId, limit, now = clock.now() }) => {
      const unfinished = [...rows.values()]
        .filter((row) => row.endpointId === endpointId && !isFinished(row.status) && row.lease === null)
        .slice(0, limit);
      for (const row of unfinished) {
        Object.assign(row, { status: "STOPPED", place: null, nextAttemptAt: null, finishedAt: now });
      }
      for (const { line } of unfinished) promote(tables, line, now);
      return unfinished.length;
    },
    prune: async ({ finishedBefore, limit }) => {
      const old = [...rows.values()]
        .filter(({ finishedAt }) => finishedAt !== null && finishedAt < finishedBefore)
        .sort((a, b) => a.finishedAt! - b.finishedAt! || a.ordinal - b.ordinal)
        .slice(0, limit);
      for (const { id } of old) rows.delete(id);
      return old.length;
    },
  };
}

type ClaimAt = DeliveryClaimRequest & { readonly now: number };

function claim(
  tables: MemoryTables,
  { leaseToken, leaseMs, channels, limit, perLane, lanes, perOwner, owners, now }: ClaimAt,
): DeliveryClaim {
  const served = () =>
    [...tables.deliveries.rows.values()]
      .filter((row) => channels.includes(row.channel) && dueAt(row) !== null)
      .filter((row) => (lanes.get(row.lane) ?? 1) > 0 && (owners.get(row.owner) ?? 1) > 0)
      .sort((a, b) => dueAt(a)! - dueAt(b)! || a.ordinal - b.ordinal);
  const due = served().filter((row) => dueAt(row)! <= now);
  const taken = channels
    .flatMap((channel) => lanesInOrder(due.filter((row) => row.channel === channel)))
    .flatMap((lane) => due.filter((row) => row.lane === lane).slice(0, lanes.get(lane) ?? perLane))
    .filter(atMost((owner) => owners.get(owner) ?? perOwner))
    .slice(0, limit);
  for (const row of taken) {
    row.target = endpointOf(tables, row)?.url ?? row.target;
    row.lease = { token: leaseToken, expiresAt: now + leaseMs };
  }
  const [next] = served();
  return {
    deliveries: taken.map((row) => toClaimed(tables, row, now)),
    nextDueAt: next === undefined ? null : dueAt(next),
  };
}

/** Lets so many of each owner pass, the first ones. */
function atMost(roomOf: (owner: string) => number): (row: DeliveryRow) => boolean {
  const passed = new Map<string, number>();
  return ({ owner }) => {
    const count = passed.get(owner) ?? 0;
    passed.set(owner, count + 1);
    return count < roomOf(owner);
  };
}

/** Whose oldest due delivery has waited longest; the name decides where two have waited alike. */
function lanesInOrder(due: readonly DeliveryRow[]): readonly string[] {
  const oldest = new Map<string, number>();
  for (const row of due) if (!oldest.has(row.lane)) oldest.set(row.lane, dueAt(row)!);
  return [...oldest].sort(([a, dueA], [b, dueB]) => dueA - dueB || (a < b ? -1 : 1)).map(([lane]) => lane);
}

/** `null`: not as it stands. A lease that has run out makes it due again. */
function dueAt({ lease, nextAttemptAt }: DeliveryRow): number | null {
  return lease === null ? nextAttemptAt : lease.expiresAt;
}

function endpointOf(tables: MemoryTables, { endpointId }: DeliveryRow) {
  return endpointId === null ? undefined : tables.endpoints.get(endpointId);
}

function settle(tables: MemoryTables, settlement: DeliverySettlement): DeliverySettleResult {
  const row = heldRow(tables, settlement);
  if (row === undefined) return { outcome: "lost" };
  const { status, attemptCount, roundAttempts, attempts, nextAttemptAt, at, endpointHealth, erases } = settlement;
  const wasHead = row.place === "head";
  Object.assign(row, { status, attemptCount, roundAttempts, attempts, nextAttemptAt, lease: null });
  if (isFinished(status)) {
    row.place = null;
    row.finishedAt = at;
    if (wasHead) promote(tables, row.line, at);
  }
  if (erases) tables.deliveries.rows.delete(row.id);
  return { outcome: "settled", failing: recordSending(tables, row.endpointId, { health: endpointHealth, at }) };
}

function heldRow(tables: MemoryTables, { deliveryId, leaseToken }: HeldDelivery): DeliveryRow | undefined {
  const row = tables.deliveries.rows.get(deliveryId);
  return row?.lease?.token === leaseToken ? row : undefined;
}

/** Makes the next of a line its head, where it has none. */
function promote(tables: MemoryTables, line: string, now: number): void {
  const left = [...tables.deliveries.rows.values()]
    .filter((row) => row.line === line && row.place !== null)
    .sort((a, b) => a.seq - b.seq);
  const [next] = left;
  if (next?.place !== "waiting") return;
  next.place = "head";
  next.nextAttemptAt = now;
}

function requeue(tables: MemoryTables, row: DeliveryRow, now: number): void {
  const status = row.attemptCount === 0 ? "PENDING" : "RETRY_PENDING";
  const target = endpointOf(tables, row)?.url ?? row.target;
  Object.assign(row, {
    status,
    target,
    lane: laneOf({ ...row, target }),
    roundAttempts: 0,
    nextAttemptAt: now,
    finishedAt: null,
    lease: null,
  });
}

function toDelivery(row: DeliveryRow): Delivery {
  const { id, owner, channel, jobId, seq, eventType, target, endpointId, status } = row;
  const { attemptCount, attempts, createdAt, nextAttemptAt, finishedAt } = row;
  const told = { attemptCount, attempts, createdAt, nextAttemptAt, finishedAt };
  return { id, owner, channel, jobId, seq, eventType, target, endpointId, status, ...told };
}

function toClaimed(tables: MemoryTables, row: DeliveryRow, now: number): ClaimedDelivery {
  const { lane, body, roundAttempts, secret, traceparent } = row;
  const endpoint = endpointOf(tables, row);
  const previous = endpoint?.previousSecret ?? null;
  return {
    ...toDelivery(row),
    leaseToken: row.lease!.token,
    lane,
    body,
    roundAttempts,
    secret,
    traceparent,
    endpoint:
      endpoint === undefined
        ? null
        : {
            enabled: endpoint.enabled,
            secrets: previous !== null && previous.until > now ? [endpoint.secret, previous.secret] : [endpoint.secret],
          },
  };
}

function readCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new AppError("invalid_request", {
    message:
      "The cursor cannot be read. Send the nextCursor of an earlier page, or none to start at the newest delivery.",
  });
}
