// Collects the events of a transaction, and stores them at its end with the deliveries that they cause (invariants I1, I2, I3).
import type { NewEvent } from "@meanwhile/core";
import { columnsOf } from "./columns.js";
import type { Session, Transaction } from "./database.js";
import type { DeliveryWriter } from "./delivery-writer.js";
import { fromEvent } from "./rows.js";
import { findOwnEvent } from "./statements/find-own-event.js";
import { insertEvents } from "./statements/insert-events.js";

/** One event of one job. */
export interface AppendedEvent {
  readonly event: NewEvent;
  readonly seq: number;
  /** Its number. */
  readonly job: number;
}

export interface EventBatch {
  /** @param place `seq` is that of the first of these events. */
  append(events: readonly NewEvent[], place: { job: number; seq: number }): void;
  /** The last thing in a transaction. @returns whether it queued deliveries. */
  store(transaction: Transaction): Promise<boolean>;
  /** Whether they were stored by the transaction of this id; `undefined` where there are none. */
  isThere(session: Session, xid: string): Promise<boolean | undefined>;
}

export function createEventBatch(deliveries: DeliveryWriter): EventBatch {
  const appended: AppendedEvent[] = [];
  return {
    append(events, { job, seq }) {
      let next = seq;
      for (const event of events) appended.push({ event, job, seq: next++ });
    },
    async store(transaction) {
      if (appended.length === 0) return false;
      const rows = appended.map(({ event, job, seq }) => fromEvent(event, { job, seq }));
      // Both are under way at once; whoever wants the events is asked in this transaction, at its end.
      const [, interest] = await Promise.all([
        transaction.run(insertEvents, columnsOf(rows, EVENT_COLUMNS)),
        deliveries.interestIn(transaction, appended),
      ]);
      return deliveries.queue(transaction, appended, interest);
    },
    async isThere(session, xid) {
      const last = appended.at(-1);
      if (last === undefined) return undefined;
      const { event, job, seq } = last;
      return (await session.list(findOwnEvent, [job, seq, xid, event.type, event.at, event.attempt])).length === 1;
    },
  };
}

const EVENT_COLUMNS = 9;
