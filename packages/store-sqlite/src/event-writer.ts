// Appends events to the log, inside the transaction of the job that they belong to (invariants I1, I2, I3).
import type { NewEvent } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import { fromEvent } from "./rows.js";
import { findLastPosition } from "./statements/find-last-position.js";
import { insertEvent } from "./statements/insert-event.js";

export interface EventWriter {
  /**
   * Reads where the log ends; first thing in every transaction that appends. The write lock keeps it true, and commits
   * come in the order of their positions.
   */
  begin(): void;
  /** @param options.seq of the first of them. */
  append(events: readonly NewEvent[], options: { job: number; seq: number }): void;
}

export function createEventWriter(connection: Connection): EventWriter {
  const lastPosition = connection.query(findLastPosition);
  const insert = connection.query(insertEvent);
  let position = 0;
  return {
    begin() {
      position = lastPosition.find()!.position;
    },
    append(events, { job, seq }) {
      let next = seq;
      for (const event of events) insert.run(...fromEvent(event, { position: ++position, job, seq: next++ }));
    },
  };
}
