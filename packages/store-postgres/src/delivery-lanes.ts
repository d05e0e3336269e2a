// The lanes of the deliveries: in which of them something will be due, and when.
import type { Session, Transaction } from "./database.js";
import { findLanes } from "./statements/find-lanes.js";
import { lockLanes } from "./statements/lock-lanes.js";
import { refreshLanes } from "./statements/refresh-lanes.js";

/**
 * Says anew when something is due in these lanes, after their deliveries have changed. Locked first and looked at then: what
 * somebody queues meanwhile is either seen, or raises the lane behind this.
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
