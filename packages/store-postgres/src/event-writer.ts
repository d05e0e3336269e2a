// Collects the events of a transaction, and stores them at its end with the deliveries that they cause (invariants I1, I2, I3).
//
// Statements that move many jobs append the events of their rows themselves; what these cause is queued here all the same.
import type { NewEvent } from "@meanwhile/core";
import type { JobEventType } from "@meanwhile/protocol";
import { packedColumns } from "./columns.js";
import type { Session, Transaction } from "./database.js";
import type { DeliveryWriter, Interest } from "./delivery-writer.js";
import { fromEvent } from "./rows.js";
import { findOwnEvent } from "./statements/find-own-event.js";
import { APPENDED_TYPES, insertEvents } from "./statements/insert-events.js";

/** One event of one job. */
export interface AppendedEvent {
  readonly event: NewEvent;
  readonly seq: number;
  /** Its number. */
  readonly job: number;
}

interface Place {
  readonly job: number;
  /** Of the first of the events. */
  readonly seq: number;
}

export interface EventBatch {
  append(events: readonly NewEvent[], place: Place): void;
  /** Events that a statement has stored already. They come before those that `append` brings. */
  stored(events: readonly NewEvent[], place: Place): void;
  /** The last thing in a transaction. @param known Who wants what `stored` brought. @returns whether it queued deliveries. */
  store(transaction: Transaction, known?: Interest): Promise<boolean>;
  /** Whether they were stored by the transaction of this id; `undefined` where there are none. */
  isThere(session: Session, xid: string): Promise<boolean | undefined>;
}

export function createEventBatch(deliveries: DeliveryWriter): EventBatch {
  const all: AppendedEvent[] = [];
  const appended: AppendedEvent[] = [];
  const add = (events: readonly NewEvent[], { job, seq }: Place, isStored: boolean): void => {
    for (let index = 0; index < events.length; index++) {
      const each = { event: events[index]!, job, seq: seq + index };
      all.push(each);
      if (!isStored) appended.push(each);
    }
  };
  return {
    append: (events, place) => add(events, place, false),
    stored: (events, place) => add(events, place, true),
    async store(transaction, known) {
      if (all.length === 0) return false;
      const rows = appended.map(({ event, job, seq }) => fromEvent(event, { job, seq }));
      // Both are under way at once; whoever wants the events is asked in this transaction.
      const [, interest] = await Promise.all([
        rows.length === 0 ? 0 : transaction.run(insertEvents, packedColumns(rows, APPENDED_TYPES)),
        rows.length === 0 && known !== undefined
          ? known
          : deliveries.interestIn(transaction, typesOf(all.map(({ event }) => event))),
      ]);
      return deliveries.queue(transaction, all, interest);
    },
    async isThere(session, xid) {
      const last = all.at(-1);
      if (last === undefined) return undefined;
      const { event, job, seq } = last;
      return (await session.list(findOwnEvent, [job, seq, xid, event.type, event.at, event.attempt])).length === 1;
    },
  };
}

export function typesOf(events: Iterable<NewEvent>): readonly JobEventType[] {
  const types = new Set<JobEventType>();
  for (const { type } of events) types.add(type);
  return [...types];
}
