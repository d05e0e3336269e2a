// The deliveries of this store: which room does what, and what callers may do to deliveries that nobody is sending.
import { type Clock, laneOf, type RecoverRange } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import { createDeliveryClaims } from "./delivery-claims.js";
import { createDeliveryLanes } from "./delivery-lanes.js";
import { createDeliveryQueries } from "./delivery-queries.js";
import { deleteDeliveries } from "./statements/delete-deliveries.js";
import { deleteDeliveryBodies } from "./statements/delete-delivery-bodies.js";
import { findDeliveryPlace } from "./statements/find-delivery-place.js";
import { findGivenUpDeliveries } from "./statements/find-given-up-deliveries.js";
import { findOldDeliveries } from "./statements/find-old-deliveries.js";
import { findRequeueTarget } from "./statements/find-requeue-target.js";
import { findStoppableDeliveries } from "./statements/find-stoppable-deliveries.js";
import { promoteDelivery } from "./statements/promote-delivery.js";
import { requeueDelivery } from "./statements/requeue-delivery.js";
import { stopDelivery } from "./statements/stop-delivery.js";

export function createDeliveries(connection: Connection, { hint, clock }: { hint: () => void; clock: Clock }) {
  const lanes = createDeliveryLanes(connection);
  const place = connection.query(findDeliveryPlace);
  const requeueTarget = connection.query(findRequeueTarget);
  const requeueRow = connection.query(requeueDelivery);
  const givenUp = connection.query(findGivenUpDeliveries);
  const stoppable = connection.query(findStoppableDeliveries);
  const stopRow = connection.query(stopDelivery);
  const promote = connection.query(promoteDelivery);
  const old = connection.query(findOldDeliveries);
  const erase = connection.query(deleteDeliveries);
  const eraseBodies = connection.query(deleteDeliveryBodies);

  /** @returns the lanes that this touches. */
  const requeueOne = (number: number, from: string, now: number): readonly string[] => {
    const [channel, owner, target] = requeueTarget.find([number])!;
    const lane = laneOf({ channel, owner, target });
    requeueRow.run([now, now, target, lane, number]);
    return [from, lane];
  };

  return {
    ...createDeliveryClaims(connection, { lanes, clock }),
    ...createDeliveryQueries(connection),

    requeue(deliveryId: string, { now = clock.now() }: { now?: number } = {}) {
      const outcome = connection.write(() => {
        const row = place.find([deliveryId]);
        if (row === undefined) return "missing" as const;
        const [number, , standing, lane, leaseToken, dueAt] = row;
        if (leaseToken !== null && dueAt !== null && dueAt > now) return "leased" as const;
        if (standing === 0) return "waiting" as const;
        lanes.refresh(requeueOne(number, lane, now));
        return "queued" as const;
      });
      if (outcome === "queued") hint();
      return outcome;
    },

    recover({ endpointId, since, until, limit, now = clock.now() }: RecoverRange): number {
      const count = connection.write(() => {
        const rows = givenUp.list([endpointId, since, until, limit]);
        lanes.refresh(rows.flatMap(([number, lane]) => requeueOne(number, lane, now)));
        return rows.length;
      });
      if (count > 0) hint();
      return count;
    },

    stop({ endpointId, limit, now = clock.now() }: { endpointId: string; limit: number; now?: number }): number {
      return connection.write(() => {
        const rows = stoppable.list([endpointId, limit]);
        for (const [number] of rows) stopRow.run([now, number]);
        const promoted = rows.flatMap(([, line]) => promote.find([now, now, line]) ?? []);
        lanes.refresh([...rows.map(([, , lane]) => lane), ...promoted]);
        return rows.length;
      });
    },

    prune({ finishedBefore, limit }: { finishedBefore: number; limit: number }): number {
      if (old.find([finishedBefore, 1]) === undefined) return 0;
      return connection.write(() => {
        const numbers = `[${old.list([finishedBefore, limit]).map(([number]) => number)}]`;
        eraseBodies.run([numbers]);
        return Number(erase.run([numbers]).changes);
      });
    },
  };
}
