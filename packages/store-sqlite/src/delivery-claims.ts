// Leases of deliveries: claimed lane by lane, settled, handed back.
//
// None of it waits for the disk: what the power takes away is done again, as it would be had the process died one moment
// earlier (invariant I7).
import {
  type ClaimedDelivery,
  type Clock,
  type DeliveryClaim,
  type DeliveryClaimRequest,
  type DeliverySettlement,
  type DeliverySettleResult,
  type EndpointFailures,
  type HeldDelivery,
  isFinished,
} from "@meanwhile/core";
import type { Connection } from "./connection.js";
import type { DeliveryLanes, DueLane, Full } from "./delivery-lanes.js";
import { fromSettlement, toClaimedDelivery } from "./delivery-rows.js";
import { deleteDeliveries } from "./statements/delete-deliveries.js";
import { deleteDeliveryBodies } from "./statements/delete-delivery-bodies.js";
import { findDeliveryPlace } from "./statements/find-delivery-place.js";
import { findDueDeliveries } from "./statements/find-due-deliveries.js";
import { handBackDelivery } from "./statements/hand-back-delivery.js";
import { leaseDeliveries } from "./statements/lease-deliveries.js";
import { promoteDelivery } from "./statements/promote-delivery.js";
import { readClaimedDeliveries } from "./statements/read-claimed-deliveries.js";
import { recordEndpointAnswer } from "./statements/record-endpoint-answer.js";
import { recordEndpointFailure } from "./statements/record-endpoint-failure.js";
import { settleDelivery } from "./statements/settle-delivery.js";

export function createDeliveryClaims(connection: Connection, { lanes, clock }: { lanes: DeliveryLanes; clock: Clock }) {
  const dueIn = connection.query(findDueDeliveries);
  const lease = connection.query(leaseDeliveries);
  const claimed = connection.query(readClaimedDeliveries);
  const place = connection.query(findDeliveryPlace);
  const settle = connection.query(settleDelivery);
  const promote = connection.query(promoteDelivery);
  const handBack = connection.query(handBackDelivery);
  const answered = connection.query(recordEndpointAnswer);
  const failed = connection.query(recordEndpointFailure);

  const findDue = (request: DeliveryClaimRequest, now: number): readonly DueLane[] => {
    const full = fullOf(request);
    return request.channels.flatMap((channel) => lanes.due(channel, { full, by: now, count: request.limit }));
  };

  /** Found and leased under one write lock: nobody comes in between. */
  const take = (request: DeliveryClaimRequest, now: number): readonly ClaimedDelivery[] => {
    const { leaseToken, leaseMs, limit, perLane, perOwner } = request;
    const numbers: number[] = [];
    const used: string[] = [];
    const owners = new Map(request.owners);
    const lanesLeft = new Map(request.lanes);
    for (;;) {
      const due = findDue({ ...request, lanes: lanesLeft, owners }, now);
      for (const { lane, owner } of due) {
        const ofOwner = owners.get(owner) ?? perOwner;
        const count = Math.min(lanesLeft.get(lane) ?? perLane, ofOwner, limit - numbers.length);
        const found = count > 0 ? dueIn.list([lane, now, count]) : [];
        owners.set(owner, ofOwner - found.length);
        lanesLeft.set(lane, 0);
        used.push(lane);
        for (const [number] of found) numbers.push(number);
      }
      // Behind many lanes of an owner who has no room left, others may wait.
      if (due.length < limit || numbers.length === limit) break;
    }
    const list = `[${numbers.join()}]`;
    lease.run([leaseToken, now + leaseMs, list]);
    lanes.refresh(used);
    return claimed.list([list]).map((row) => toClaimedDelivery(row, { leaseToken, now }));
  };

  const erase = connection.query(deleteDeliveries);
  const eraseBodies = connection.query(deleteDeliveryBodies);

  /** Before the next of its line is looked for: what is erased stands in nobody's way. */
  const write = (settlement: DeliverySettlement, number: number): void => {
    if (!settlement.erases) return void settle.run(fromSettlement(settlement, number));
    eraseBodies.run([`[${number}]`]);
    erase.run([`[${number}]`]);
  };

  const settleOne = (settlement: DeliverySettlement, touched: Set<string>): DeliverySettleResult => {
    const row = place.find([settlement.deliveryId]);
    if (row === undefined || row[4] !== settlement.leaseToken) return { outcome: "lost" };
    const [number, line, standing, lane, , , endpointId] = row;
    write(settlement, number);
    touched.add(lane);
    if (standing === 1 && isFinished(settlement.status)) {
      const [next] = promote.find([settlement.at, settlement.at, line]) ?? [];
      if (next !== undefined) touched.add(next);
    }
    return { outcome: "settled", failing: record(endpointId, settlement) };
  };

  const record = (
    endpointId: string | null,
    { endpointHealth, at }: Pick<DeliverySettlement, "endpointHealth" | "at">,
  ): EndpointFailures | null => {
    if (endpointId === null || endpointHealth === null) return null;
    if (endpointHealth === "answered") {
      answered.run([endpointId]);
      return null;
    }
    const row = failed.find([at, endpointId]);
    return row === undefined ? null : { since: row[0], count: row[1] };
  };

  return {
    claim(request: DeliveryClaimRequest): DeliveryClaim {
      const { channels, now = clock.now() } = request;
      // A look without the write lock first: an idle dispatcher must not stand in the way of busy writers.
      const isAnyDue = findDue(request, now).length > 0;
      const deliveries = isAnyDue ? connection.writeUnsynced(() => take(request, now)) : [];
      const full = fullOf(request);
      const next = channels.flatMap((channel) => lanes.nextDueAt(channel, full) ?? []);
      return { deliveries, nextDueAt: next.length === 0 ? null : Math.min(...next) };
    },

    settle(settlements: readonly DeliverySettlement[]): readonly DeliverySettleResult[] {
      return connection.writeUnsynced(() => {
        const touched = new Set<string>();
        const results = settlements.map((settlement) => settleOne(settlement, touched));
        lanes.refresh(touched);
        return results;
      });
    },

    handBack(leases: readonly HeldDelivery[]): void {
      connection.writeUnsynced(() => {
        const touched = leases.flatMap(({ deliveryId, leaseToken }) => handBack.find([deliveryId, leaseToken]) ?? []);
        lanes.refresh(touched);
      });
    },
  };
}

function fullOf({ lanes, owners }: DeliveryClaimRequest): Full {
  return { lanes: new Set(withoutRoom(lanes)), owners: withoutRoom(owners) };
}

function withoutRoom(rooms: ReadonlyMap<string, number>): readonly string[] {
  return [...rooms].flatMap(([name, count]) => (count === 0 ? [name] : []));
}
