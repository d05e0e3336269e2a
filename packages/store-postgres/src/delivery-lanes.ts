// The lanes of the deliveries: in which of them something will be due, and when.
//
// 1. Whoever queues deliveries only adds notes (`meanwhile_raised_lanes`) in the same transaction, and touches no row of a lane: many
//    queue for one endpoint at a time, and each would wait for the disk of all before it.
// 2. A claim first writes the notes into the rows of their lanes. It sees every delivery whose note it takes; a note that it does not
//    see yet waits for the next claim.
// 3. Whoever sends, settles or stops deliveries says anew when something is due, with the row of the lane locked.
import { columnsOf } from "./columns.js";
import type { Database, Session, Transaction } from "./database.js";
import { findLanes } from "./statements/find-lanes.js";
import { isAnyLaneRaised } from "./statements/is-any-lane-raised.js";
import { lockLanes } from "./statements/lock-lanes.js";
import { raiseLanes } from "./statements/raise-lanes.js";
import { refreshLanes } from "./statements/refresh-lanes.js";
import { takeRaisedLanes } from "./statements/take-raised-lanes.js";

/** Notes written down in one transaction. */
const NOTES_AT_ONCE = 1_000;

/** Writes what was queued since the last claim into the rows of the lanes (2). */
export async function raiseNoted(database: Database): Promise<void> {
  const [[isAny]] = (await database.list(isAnyLaneRaised, [])) as [[boolean]];
  for (let left = isAny; left; ) {
    const taken = await database.write(writeNotes, { durable: false });
    left = taken === NOTES_AT_ONCE;
  }
}

/** @returns how many notes that were. */
async function writeNotes(transaction: Transaction): Promise<number> {
  const raised = await transaction.list(takeRaisedLanes, [NOTES_AT_ONCE]);
  if (raised.length === 0) return 0;
  // The rows are there and locked then; what was queued may have been stopped or taken by now.
  await transaction.run(raiseLanes, columnsOf(raised, 4) as [string[], string[], string[], number[]]);
  await transaction.run(refreshLanes, [raised.map(([lane]) => lane)]);
  return raised.reduce((sum, [, , , , notes]) => sum + notes, 0);
}

/**
 * Says anew when something is due in these lanes, after their deliveries have changed. Locked first and looked at then: what
 * somebody queues meanwhile is either seen, or noted for the next claim.
 */
export async function refresh(transaction: Transaction, lanes: Iterable<string>): Promise<void> {
  const sorted = [...new Set(lanes)].sort();
  if (sorted.length === 0) return;
  await transaction.run(lockLanes, [sorted]);
  await transaction.run(refreshLanes, [sorted]);
}

/** What a claim leaves alone. */
export interface Full {
  readonly lanes: ReadonlySet<string>;
  readonly owners: readonly string[];
}

export type OpenLane = readonly [lane: string, nextDueAt: number, owner: string];

/** At most `count` lanes that are not full and in which something will be due, next first. */
export async function openLanes(
  session: Session,
  channel: string,
  { full, count }: { full: Full; count: number },
): Promise<readonly OpenLane[]> {
  // The full ones are read and passed over: a process has no more of them than it sends at once.
  const lanes = await session.list(findLanes, [channel, full.owners, count + full.lanes.size]);
  return lanes.filter(([lane]) => !full.lanes.has(lane)).slice(0, count);
}
