// The deliveries of this store: which room does what, and what callers may do to deliveries that nobody is sending.
import { laneOf, type RecoverRange } from "@meanwhile/core";
import { columnsOf } from "./columns.js";
import type { Database, Transaction } from "./database.js";
import { createDeliveryClaims } from "./delivery-claims.js";
import { refresh } from "./delivery-lanes.js";
import { createDeliveryQueries } from "./delivery-queries.js";
import { findEndpointUrls } from "./statements/find-endpoint-urls.js";
import { findGivenUpDeliveries } from "./statements/find-given-up-deliveries.js";
import { type DeliveryPlaceRow, lockDeliveries } from "./statements/lock-deliveries.js";
import { promoteDeliveries } from "./statements/promote-deliveries.js";
import { pruneDeliveries } from "./statements/prune-deliveries.js";
import { readNow } from "./statements/read-now.js";
import { requeueDeliveries } from "./statements/requeue-deliveries.js";
import { stopDeliveries } from "./statements/stop-deliveries.js";

export function createDeliveries(database: Database, { hint }: { hint: () => void }) {
  const clockOf = async (now: number | undefined): Promise<number> =>
    now ?? (await database.list(readNow, [null]))[0]![0];

  return {
    ...createDeliveryClaims(database),
    ...createDeliveryQueries(database),

    async requeue(deliveryId: string, options: { now?: number } = {}) {
      const now = await clockOf(options.now);
      const outcome = await database.write(async (transaction) => {
        const [row] = await transaction.list(lockDeliveries, [[deliveryId]]);
        if (row === undefined) return "missing" as const;
        const [, , , standing, , leaseToken, dueAt] = row;
        if (leaseToken !== null && dueAt !== null && dueAt > now) return "leased" as const;
        if (standing === 0) return "waiting" as const;
        await requeueAll(transaction, [row], now);
        return "queued" as const;
      });
      if (outcome === "queued") hint();
      return outcome;
    },

    async recover({ endpointId, since, until, limit, now: given }: RecoverRange): Promise<number> {
      const now = await clockOf(given);
      const count = await database.write(async (transaction) => {
        const ids = await transaction.list(findGivenUpDeliveries, [endpointId, since, until, limit]);
        const locked = await transaction.list(lockDeliveries, [ids.map(([id]) => id)]);
        // Somebody may have queued one again in between: it is not given up any more.
        const rows = locked.filter(([, , , , , leaseToken, dueAt]) => leaseToken === null && dueAt === null);
        await requeueAll(transaction, rows, now);
        return rows.length;
      });
      if (count > 0) hint();
      return count;
    },

    stop: ({ endpointId, limit, now }: { endpointId: string; limit: number; now?: number }): Promise<number> =>
      database.write(async (transaction) => {
        const rows = await transaction.list(stopDeliveries, [endpointId, limit, now ?? null]);
        const lines = [...new Map(rows.map(([line, , at]) => [line, at]))];
        const promoted = await transaction.list(promoteDeliveries, columnsOf(lines, 2) as [string[], number[]]);
        await refresh(transaction, [...rows.map(([, lane]) => lane), ...promoted.map(([lane]) => lane)]);
        return rows.length;
      }),

    async prune({ finishedBefore, limit }: { finishedBefore: number; limit: number }): Promise<number> {
      const [[count]] = (await database.write((transaction) =>
        transaction.list(pruneDeliveries, [finishedBefore, limit]),
      )) as [[number]];
      return count;
    },
  };
}

async function requeueAll(transaction: Transaction, rows: readonly DeliveryPlaceRow[], now: number): Promise<void> {
  if (rows.length === 0) return;
  const endpoints = [...new Set(rows.flatMap((row) => row[7] ?? []))];
  const urls = new Map(await transaction.list(findEndpointUrls, [endpoints]));
  const requeued = rows.map(([, number, , , , , , endpointId, channel, owner, target]) => {
    const current = (endpointId === null ? undefined : urls.get(endpointId)) ?? target;
    return [number, current, laneOf({ channel, owner, target: current })] as const;
  });
  const [numbers, targets, lanes] = columnsOf(requeued, 3) as [number[], string[], string[]];
  await transaction.run(requeueDeliveries, [numbers, targets, lanes, now]);
  await refresh(transaction, [...rows.map((row) => row[4]), ...lanes]);
}
