// The places of ready jobs that this process is storing: each owner has one job per place of its type and priority.
//
// A transaction does not see what another one has not committed, and none may wait for another one's places. So those of one
// process pass on what they have drawn; those of two processes may share places, for as long as both are under way.
import type { NewJob } from "@meanwhile/core";

export interface Places {
  open(): Draw;
}

/** The places of one transaction. */
export interface Draw {
  /** Which share each of these jobs draws from, and as which one of it; and the shares, as the statement takes them. */
  shares(ready: readonly NewJob[]): { of: ReadonlyMap<NewJob, Share>; columns: ShareColumns };
  /** These places were drawn: whoever of this process draws meanwhile begins behind them. */
  drew(ready: readonly NewJob[], placeOf: (job: NewJob) => number): void;
  /** The transaction has ended: what became of it can be read in the tables. */
  close(): void;
}

export interface Share {
  /** In the list of shares, from 1. */
  readonly slot: number;
  /** Among the jobs of the share, from 1. */
  readonly step: number;
}

export type ShareColumns = [
  types: readonly string[],
  priorities: readonly number[],
  owners: readonly string[],
  /** Places up to which transactions under way have drawn. */
  floors: readonly number[],
];

interface UnderWay {
  last: number;
  draws: number;
}

export function createPlaces(): Places {
  const underWay = new Map<string, UnderWay>();
  return {
    open() {
      const own = new Set<string>();
      return {
        shares(ready) {
          const slots = new Map<string, { slot: number; count: number }>();
          const of = new Map<NewJob, Share>();
          const columns: [string[], number[], string[], number[]] = [[], [], [], []];
          for (const item of ready) {
            const name = shareName(item);
            let share = slots.get(name);
            if (share === undefined) {
              share = { slot: slots.size + 1, count: 0 };
              slots.set(name, share);
              const { type, priority, owner } = item.job;
              columns[0].push(type);
              columns[1].push(priority);
              columns[2].push(owner);
              columns[3].push(underWay.get(name)?.last ?? 0);
            }
            of.set(item, { slot: share.slot, step: ++share.count });
          }
          return { of, columns };
        },
        drew(ready, placeOf) {
          for (const item of ready) {
            const name = shareName(item);
            const known = underWay.get(name) ?? { last: 0, draws: 0 };
            underWay.set(name, known);
            known.last = Math.max(known.last, placeOf(item));
            if (own.has(name)) continue;
            own.add(name);
            known.draws++;
          }
        },
        close() {
          for (const name of own) {
            const known = underWay.get(name)!;
            if (--known.draws === 0) underWay.delete(name);
          }
          own.clear();
        },
      };
    },
  };
}

const shareName = ({ job: { type, priority, owner } }: NewJob): string => `${type} ${priority} ${owner}`;
