// The one way to write jobs: a transaction that ends with the events of all its moves (invariants I1, I2, I3).
//
// Neighbours in a batch mostly cause the same event (everybody's `job.started`). A run of them is one statement; the
// order of the log is the order in which they were appended all the same.
import type { NewEvent } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import type { DeliveryWriter } from "./delivery-writer.js";
import { fromEvent, fromEventOfJobs } from "./event-rows.js";
import { findLastPosition } from "./statements/find-last-position.js";
import { insertEvent } from "./statements/insert-event.js";
import { insertEvents } from "./statements/insert-events.js";

export interface EventWriter {
  /** Like the connection's `write`; what `work` appends is stored before the commit. */
  write<T>(work: () => T): T;
  /**
   * Only inside `write`.
   *
   * @param options.job Its number.
   * @param options.seq of the first of these events.
   */
  append(events: readonly NewEvent[], options: { job: number; seq: number }): void;
}

/** From here on one statement for all is cheaper than one for each. */
const WORTH_A_RUN = 3;

interface Run {
  readonly event: NewEvent;
  readonly seq: number;
  readonly jobs: number[];
}

export function createEventWriter(connection: Connection, { deliveries }: { deliveries: DeliveryWriter }): EventWriter {
  const lastPosition = connection.query(findLastPosition);
  const insertOne = connection.query(insertEvent);
  const insertRun = connection.query(insertEvents);
  let runs: Run[] = [];

  const append = (event: NewEvent, job: number, seq: number): void => {
    const run = runs.at(-1);
    if (run !== undefined && run.seq === seq && isSame(run.event, event)) run.jobs.push(job);
    else runs.push({ event, seq, jobs: [job] });
  };

  // The write lock is held: nobody else draws positions, and commits come in their order.
  const store = (): void => {
    let position = lastPosition.find([])![0] + 1;
    for (const { event, seq, jobs } of runs) {
      if (jobs.length >= WORTH_A_RUN) {
        insertRun.run(fromEventOfJobs(event, { firstPosition: position, jobs, seq }));
        position += jobs.length;
      } else {
        for (const job of jobs) insertOne.run(fromEvent(event, { position: position++, job, seq }));
      }
    }
  };

  return {
    write: (work) => {
      runs = [];
      const result = connection.write(() => {
        const written = work();
        if (runs.length > 0) store();
        if (runs.length > 0) deliveries.queue(runs);
        return written;
      });
      deliveries.committed();
      return result;
    },
    append(events, { job, seq }) {
      let next = seq;
      for (const event of events) append(event, job, next++);
    },
  };
}

function isSame(a: NewEvent, b: NewEvent): boolean {
  return (
    a.type === b.type &&
    a.at === b.at &&
    a.status === b.status &&
    a.attempt === b.attempt &&
    (a.data === b.data ||
      (a.data !== null &&
        b.data !== null &&
        a.data.body === b.data.body &&
        a.data.encoding === b.data.encoding &&
        a.data.keyId === b.data.keyId))
  );
}
