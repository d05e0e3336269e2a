// Leases of deliveries: claimed lane by lane, settled, handed back.
//
// None of it waits for the disk: what the power takes away is done again, as it would be had the process died one moment
// earlier (invariant I7).
import {
  type ClaimedDelivery,
  type DeliveryClaim,
  type DeliveryClaimRequest,
  type DeliverySettlement,
  type DeliverySettleResult,
  type EndpointFailures,
  type HeldDelivery,
  isFinished,
} from "@meanwhile/core";
import { columnsOf } from "./columns.js";
import type { Database, Session, Transaction } from "./database.js";
import { type Full, type OpenLane, openLanes, raiseNoted, refresh } from "./delivery-lanes.js";
import { fromSettlement, toClaimedDelivery } from "./delivery-rows.js";
import { eraseDeliveries } from "./statements/erase-deliveries.js";
import { handBackDeliveries } from "./statements/hand-back-deliveries.js";
import { type DeliveryPlaceRow, lockDeliveries } from "./statements/lock-deliveries.js";
import { promoteDeliveries } from "./statements/promote-deliveries.js";
import { readClaimedDeliveries } from "./statements/read-claimed-deliveries.js";
import { readNow } from "./statements/read-now.js";
import { recordEndpointAnswers } from "./statements/record-endpoint-answers.js";
import { recordEndpointFailure } from "./statements/record-endpoint-failure.js";
import { settleDeliveries } from "./statements/settle-deliveries.js";
import { takeDeliveries } from "./statements/take-deliveries.js";

const NOT_DURABLE = { durable: false } as const;

export function createDeliveryClaims(database: Database) {
  return {
    async claim(request: DeliveryClaimRequest): Promise<DeliveryClaim> {
      const { channels, limit } = request;
      await raiseNoted(database);
      const [[now]] = (await database.list(readNow, [request.now ?? null])) as [[number]];
      const full = fullOf(request.lanes, request.owners);
      const isAnyDue = (await findDue(database, channels, { full, count: limit, by: now })).length > 0;
      const deliveries = isAnyDue ? await database.write((tx) => take(tx, request, now), NOT_DURABLE) : [];
      const next = (await findOpen(database, channels, { full, count: 1 })).map(([, dueAt]) => dueAt);
      return { deliveries, nextDueAt: next.length === 0 ? null : Math.min(...next) };
    },

    async settle(settlements: readonly DeliverySettlement[]): Promise<readonly DeliverySettleResult[]> {
      if (settlements.length === 0) return [];
      return database.write((transaction) => settleAll(transaction, settlements), NOT_DURABLE);
    },

    async handBack(leases: readonly HeldDelivery[]): Promise<void> {
      if (leases.length === 0) return;
      const rows = leases
        .map(({ deliveryId, leaseToken }) => [deliveryId, leaseToken] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1));
      const [ids, tokens] = columnsOf(rows, 2) as [string[], string[]];
      await database.write(async (transaction) => {
        const touched = await transaction.list(handBackDeliveries, [ids, tokens]);
        await refresh(
          transaction,
          touched.map(([lane]) => lane),
        );
      }, NOT_DURABLE);
    },
  };
}

async function findOpen(
  session: Session,
  channels: readonly string[],
  options: { full: Full; count: number },
): Promise<readonly OpenLane[]> {
  const lanes = [];
  for (const channel of channels) lanes.push(...(await openLanes(session, channel, options)));
  return lanes;
}

/** Channel by channel, longest due first. */
async function findDue(
  session: Session,
  channels: readonly string[],
  { by, ...options }: { full: Full; count: number; by: number },
): Promise<readonly OpenLane[]> {
  return (await findOpen(session, channels, options)).filter(([, dueAt]) => dueAt <= by);
}

function fullOf(lanes: ReadonlyMap<string, number>, owners: ReadonlyMap<string, number>): Full {
  const withoutRoom = (rooms: ReadonlyMap<string, number>) =>
    [...rooms].flatMap(([name, count]) => (count === 0 ? [name] : []));
  return { lanes: new Set(withoutRoom(lanes)), owners: withoutRoom(owners) };
}

/** What a claim may still take, and has taken. */
interface Taking {
  readonly request: DeliveryClaimRequest;
  readonly now: number;
  readonly lanes: Map<string, number>;
  readonly owners: Map<string, number>;
  readonly numbers: number[];
}

async function take(
  transaction: Transaction,
  request: DeliveryClaimRequest,
  now: number,
): Promise<readonly ClaimedDelivery[]> {
  const { channels, limit, leaseToken } = request;
  const taking: Taking = { request, now, lanes: new Map(request.lanes), owners: new Map(request.owners), numbers: [] };
  const used: string[] = [];
  for (;;) {
    const full = fullOf(taking.lanes, taking.owners);
    const due = await findDue(transaction, channels, { full, count: limit, by: now });
    await takeFrom(transaction, taking, due);
    used.push(...due.map(([lane]) => lane));
    // Behind many lanes of an owner who has no room left, others may wait.
    if (due.length < limit || taking.numbers.length === limit) break;
  }
  await refresh(transaction, used);
  const rows = await transaction.list(readClaimedDeliveries, [taking.numbers]);
  return rows.map((row) => toClaimedDelivery(row, { leaseToken, now }));
}

/** Some statements for all lanes: each asks for what the lanes may have if those before them hold all of their share. */
async function takeFrom(transaction: Transaction, taking: Taking, due: readonly OpenLane[]): Promise<void> {
  const taken = new Map<string, number[]>(due.map(([lane]) => [lane, []]));
  const isEmpty = new Set<string>();
  for (;;) {
    const asked = sharesOf(taking, due, (lane, share) => (isEmpty.has(lane) ? taken.get(lane)!.length : share))
      .map(([lane, share]) => [lane, share - taken.get(lane)!.length] as const)
      .filter(([, count]) => count > 0);
    if (asked.length === 0) break;
    const { leaseToken, leaseMs } = taking.request;
    const [lanes, counts] = columnsOf(asked, 2) as [string[], number[]];
    const values = [lanes, counts, taking.now, leaseToken, taking.now + leaseMs] as const;
    const rows = await transaction.list(takeDeliveries, [...values]);
    for (const [lane, count] of asked) {
      const found = rows.filter((row) => row[1] === lane).sort((a, b) => a[2] - b[2] || a[0] - b[0]);
      if (found.length < count) isEmpty.add(lane);
      taken.get(lane)!.push(...found.map(([number]) => number));
    }
  }
  for (const [lane, , owner] of due) {
    const numbers = taken.get(lane)!;
    taking.numbers.push(...numbers);
    taking.lanes.set(lane, 0);
    taking.owners.set(owner, (taking.owners.get(owner) ?? taking.request.perOwner) - numbers.length);
  }
}

/** Lane by lane, as far as the room of its owner and of the whole claim goes. */
function sharesOf(
  { request, lanes, owners, numbers }: Taking,
  due: readonly OpenLane[],
  known: (lane: string, share: number) => number,
): readonly (readonly [lane: string, share: number])[] {
  let room = request.limit - numbers.length;
  const ownersRoom = new Map(owners);
  return due.map(([lane, , owner]) => {
    const ofOwner = ownersRoom.get(owner) ?? request.perOwner;
    const share = known(lane, Math.min(lanes.get(lane) ?? request.perLane, ofOwner, room));
    ownersRoom.set(owner, ofOwner - share);
    room -= share;
    return [lane, share];
  });
}

async function settleAll(
  transaction: Transaction,
  settlements: readonly DeliverySettlement[],
): Promise<readonly DeliverySettleResult[]> {
  const ids = settlements.map(({ deliveryId }) => deliveryId);
  const rows = new Map((await transaction.list(lockDeliveries, [ids])).map((row) => [row[0], row]));
  const held = new Map<DeliverySettlement, DeliveryPlaceRow>();
  for (const settlement of settlements) {
    const row = rows.get(settlement.deliveryId);
    if (row === undefined || row[5] !== settlement.leaseToken) continue;
    held.set(settlement, row);
    rows.delete(settlement.deliveryId); // a second one of the same delivery has lost its lease to the first
  }
  const written = [...held].map(([settlement, row]) => fromSettlement(settlement, row[1]));
  await transaction.run(settleDeliveries, columnsOf(written, 7));
  const lines = [...held].flatMap(([{ status, at }, row]) =>
    row[3] === 1 && isFinished(status) ? [[row[2], at]] : [],
  );
  const promoted = await transaction.list(promoteDeliveries, columnsOf(lines, 2) as [string[], number[]]);
  const failing = await recordHealth(transaction, held);
  const erased = [...held].flatMap(([{ erases }, row]) => (erases ? [row[1]] : []));
  if (erased.length > 0) await transaction.run(eraseDeliveries, [erased]);
  await refresh(transaction, [...[...held.values()].map((row) => row[4]), ...promoted.map(([lane]) => lane)]);
  return settlements.map((settlement) =>
    held.has(settlement) ? { outcome: "settled", failing: failing.get(settlement) ?? null } : { outcome: "lost" },
  );
}

/** @returns how long the endpoints of failures have been failing. */
async function recordHealth(
  transaction: Transaction,
  held: ReadonlyMap<DeliverySettlement, DeliveryPlaceRow>,
): Promise<ReadonlyMap<DeliverySettlement, EndpointFailures>> {
  const failing = new Map<DeliverySettlement, EndpointFailures>();
  // Sorted, as all locks are; in the order of the settlements for each endpoint.
  const told = [...held]
    .flatMap(([settlement, row]) =>
      row[7] === null || settlement.endpointHealth === null ? [] : [{ settlement, endpointId: row[7] }],
    )
    .sort((a, b) => (a.endpointId < b.endpointId ? -1 : a.endpointId > b.endpointId ? 1 : 0));
  for (const { settlement, endpointId } of told) {
    if (settlement.endpointHealth === "answered") await transaction.run(recordEndpointAnswers, [[endpointId]]);
    else {
      const [row] = await transaction.list(recordEndpointFailure, [endpointId, settlement.at]);
      if (row !== undefined) failing.set(settlement, { since: row[0], count: row[1] });
    }
  }
  return failing;
}
