// The places of ready jobs: each owner has one job per place of its type and priority, as long as it has any.
//
// 1. Places are drawn under the write lock, so no two transactions draw at once.
// 2. What the draws of one transaction go by is read once, before the first of its jobs stands anywhere.
import type { Connection } from "./connection.js";
import { findLastPlace } from "./statements/find-last-place.js";
import { findQueueFront } from "./statements/find-queue-front.js";
import { findUnplacedJob } from "./statements/find-unplaced-job.js";
import { setPlace } from "./statements/set-place.js";

export interface Share {
  readonly type: string;
  readonly priority: number;
  readonly owner: string;
}

/** Hands out the places of one transaction, in the order in which it is asked. */
export interface Draw {
  /** The place of the owner's next job; `count` consecutive ones begin with it. Default: 1. */
  next(share: Share, count?: number): number;
}

export interface Places {
  /** Only inside a write, and used up with it. */
  open(): Draw;
  /** Puts those of these jobs into their places that are ready and have none. Only inside a write, when all else of it is done. */
  settle(jobs: readonly number[]): void;
}

export function createPlaces(connection: Connection): Places {
  const front = connection.query(findQueueFront);
  const last = connection.query(findLastPlace);
  const unplaced = connection.query(findUnplacedJob);
  const set = connection.query(setPlace);

  const open = (): Draw => {
    const fronts = new Map<string, number>();
    const lasts = new Map<string, number>();

    const frontOf = ({ type, priority }: Share): number => {
      const queue = `${type} ${priority}`;
      const known = fronts.get(queue) ?? front.find([type, priority, type, priority])![0];
      fronts.set(queue, known);
      return known;
    };

    return {
      next(share, count = 1) {
        const { type, priority, owner } = share;
        const name = `${type} ${priority} ${owner}`;
        let before = lasts.get(name);
        if (before === undefined) {
          const begin = frontOf(share);
          before = Math.max(begin, last.find([type, priority, owner, begin])![0]);
        }
        lasts.set(name, before + count);
        return before + 1;
      },
    };
  };

  return {
    open,
    settle(jobs) {
      if (jobs.length === 0) return;
      const draw = open();
      const drawn = jobs.flatMap((number) => {
        const row = unplaced.find([number]);
        return row === undefined
          ? []
          : [{ number, place: draw.next({ type: row[0], priority: row[1], owner: row[2] }) }];
      });
      for (const { number, place } of drawn) set.run([place, number]);
    },
  };
}
