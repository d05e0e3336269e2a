// The lanes of the deliveries: in which of them something will be due, and when.
import type { Connection } from "./connection.js";
import { deleteLane } from "./statements/delete-lane.js";
import { findLaneDue } from "./statements/find-lane-due.js";
import { findLanes } from "./statements/find-lanes.js";
import { setLane } from "./statements/set-lane.js";

export interface DeliveryLanes {
  /** Says anew when something is due in these lanes, after their deliveries have changed. */
  refresh(lanes: Iterable<string>): void;
  /** At most `count` lanes that are not full and in which something is due by then, longest due first. */
  due(channel: string, options: { full: Full; by: number; count: number }): readonly DueLane[];
  /** When something is due next in any lane that is not full. */
  nextDueAt(channel: string, full: Full): number | null;
}

/** What a claim leaves alone. */
export interface Full {
  readonly lanes: ReadonlySet<string>;
  readonly owners: readonly string[];
}

export interface DueLane {
  readonly lane: string;
  readonly owner: string;
}

export function createDeliveryLanes(connection: Connection): DeliveryLanes {
  const laneDue = connection.query(findLaneDue);
  const set = connection.query(setLane);
  const remove = connection.query(deleteLane);
  const lanes = connection.query(findLanes);

  /** The full ones are read and passed over: a process has no more of them than it sends at once. */
  const open = (channel: string, full: Full, count: number) =>
    lanes
      .list([channel, JSON.stringify(full.owners), count + full.lanes.size])
      .filter(([lane]) => !full.lanes.has(lane));

  return {
    refresh(names) {
      for (const lane of new Set(names)) {
        const row = laneDue.find([lane]);
        if (row === undefined) remove.run([lane]);
        else set.run([lane, row[1], row[2], row[0]]);
      }
    },
    due: (channel, { full, by, count }) =>
      open(channel, full, count)
        .filter(([, dueAt]) => dueAt <= by)
        .slice(0, count)
        .map(([lane, , owner]) => ({ lane, owner })),
    nextDueAt: (channel, full) => open(channel, full, 1)[0]?.[1] ?? null,
  };
}
