// Prolongs leases although somebody may be writing their rows: a job that writes without pause holds its own row nearly always.
//
// 1. The free rows first, all in one statement that waits for nobody.
// 2. Of those that it passed over one is waited for, in a transaction that holds nothing else; whoever wrote that one has mostly
//    written the others too, so that these are tried together again. And so on, until none is left.
// 3. A wait in vain is the last: who waited for every row that is held for long would come too late for all. Such a row keeps its
//    end, is not lost, and comes after the others the next time.
import type { HeldLease } from "@meanwhile/core";
import { columnsOf } from "./columns.js";
import type { Database } from "./database.js";
import { isHeldTooLong } from "./errors.js";
import { extendLease } from "./statements/extend-lease.js";
import { extendLeases } from "./statements/extend-leases.js";
import { readHeldLeases } from "./statements/read-held-leases.js";

export type HeldLeaseRow = [id: string, leaseToken: string, cancelRequestedBy: string | null];

/** Draws no `seq`, and a lease that is shorter after a loss of power is the lease of a process that is gone (invariant I9). */
const NOT_DURABLE = { durable: false };

export interface LeaseExtension {
  /** @returns the leases that are still held, in no order; those that are not there are lost. */
  extend(leases: readonly HeldLease[], options: { byMs: number; now?: number }): Promise<readonly HeldLeaseRow[]>;
}

export function createLeaseExtension(database: Database): LeaseExtension {
  /** Jobs whose rows were waited for in vain, the longest ago first. */
  const heldUp = new Set<string>();

  const nextOf = (rows: readonly HeldLeaseRow[]): HeldLeaseRow => {
    const fresh = rows.find(([id]) => !heldUp.has(id));
    if (fresh !== undefined) return fresh;
    for (const jobId of heldUp) {
      const row = rows.find(([id]) => id === jobId);
      if (row !== undefined) return row;
    }
    return rows[0]!;
  };

  return {
    async extend(leases, { byMs, now = null }) {
      const held: HeldLeaseRow[] = [];
      let rest = leases.map(({ jobId, leaseToken }): HeldLeaseRow => [jobId, leaseToken, null]);
      let inVain: HeldLeaseRow | undefined;
      for (;;) {
        const { extended, passedOver } = await extendFree(database, rest, { byMs, now });
        for (const row of extended) held.push(row);
        if (inVain !== undefined) passedOver.push(inVain);
        if (passedOver.length === 0 || inVain !== undefined) {
          const stillHeldUp = new Set(passedOver.map(([id]) => id));
          for (const id of heldUp) if (!stillHeldUp.has(id)) heldUp.delete(id);
          return [...held, ...passedOver];
        }
        const next = nextOf(passedOver);
        rest = passedOver.filter((row) => row !== next);
        heldUp.delete(next[0]);
        const answer = await extendOne(database, next, { byMs, now });
        if (answer === "held") {
          heldUp.add(next[0]);
          inVain = next;
        } else if (answer !== "lost") held.push(answer);
      }
    },
  };
}

interface Extension {
  byMs: number;
  now: number | null;
}

interface FreeExtension {
  extended: readonly HeldLeaseRow[];
  /** Held still; somebody is writing them. */
  passedOver: HeldLeaseRow[];
}

async function extendFree(
  database: Database,
  leases: readonly HeldLeaseRow[],
  { byMs, now }: Extension,
): Promise<FreeExtension> {
  if (leases.length === 0) return { extended: [], passedOver: [] };
  const [ids, tokens] = columnsOf(leases, 2) as string[][];
  return database.write(async (transaction) => {
    const extended = await transaction.list(extendLeases, [ids!, tokens!, byMs, now]);
    if (extended.length === leases.length) return { extended, passedOver: [] };
    const done = new Set(extended.map(keyOf));
    const [otherIds, otherTokens] = columnsOf(
      leases.filter((lease) => !done.has(keyOf(lease))),
      2,
    ) as string[][];
    return { extended, passedOver: [...(await transaction.list(readHeldLeases, [otherIds!, otherTokens!]))] };
  }, NOT_DURABLE);
}

async function extendOne(
  database: Database,
  [id, token]: HeldLeaseRow,
  { byMs, now }: Extension,
): Promise<HeldLeaseRow | "lost" | "held"> {
  try {
    const [wish] = await database.write(
      (transaction) => transaction.list(extendLease, [id, token, byMs, now]),
      NOT_DURABLE,
    );
    return wish === undefined ? "lost" : [id, token, wish[0]];
  } catch (error) {
    if (isHeldTooLong(error)) return "held";
    throw error;
  }
}

const keyOf = ([id, token]: HeldLeaseRow): string => `${id} ${token}`;
