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
  /** Which share each of these jobs draws from, in their order, and as which one of it; and the shares, as the statement takes them. */
  shares(ready: readonly NewJob[]): { of: readonly Share[]; columns: ShareColumns };
  /** The last place that each share has drawn, in their order: whoever of this process draws meanwhile begins behind them. */
  drew(lasts: readonly number[]): void;
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
      /** Of the shares, by their slots. */
      const names: string[] = [];
      let isDrawn = false;
      return {
        shares(ready) {
          const slots = new Map<string, { slot: number; count: number }>();
          const columns: [string[], number[], string[], number[]] = [[], [], [], []];
          let last: NewJob | undefined;
          let share: { slot: number; count: number } | undefined;
          const of = ready.map((item) => {
            // Neighbours mostly draw from one share.
            if (last === undefined || !isSameShare(last, item)) {
              last = item;
              const name = shareName(item);
              share = slots.get(name);
              if (share === undefined) {
                share = { slot: names.push(name), count: 0 };
                slots.set(name, share);
                const { type, priority, owner } = item.job;
                columns[0].push(type);
                columns[1].push(priority);
                columns[2].push(owner);
                columns[3].push(underWay.get(name)?.last ?? 0);
              }
            }
            return { slot: share!.slot, step: ++share!.count };
          });
          return { of, columns };
        },
        drew(lasts) {
          isDrawn = true;
          for (const [index, name] of names.entries()) {
            const known = underWay.get(name) ?? { last: 0, draws: 0 };
            underWay.set(name, known);
            known.last = Math.max(known.last, lasts[index]!);
            known.draws++;
          }
        },
        close() {
          if (!isDrawn) return;
          isDrawn = false;
          for (const name of names) {
            const known = underWay.get(name)!;
            if (--known.draws === 0) underWay.delete(name);
          }
        },
      };
    },
  };
}

const isSameShare = ({ job: a }: NewJob, { job: b }: NewJob): boolean =>
  a.type === b.type && a.priority === b.priority && a.owner === b.owner;

const shareName = ({ job: { type, priority, owner } }: NewJob): string => `${type} ${priority} ${owner}`;
