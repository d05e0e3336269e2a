// Reads the event log, per job and as a whole.
import { AppError, type EventStore } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import { toPosition, toPositionedEvent, toStoredEvent } from "./event-rows.js";
import { findLastPosition } from "./statements/find-last-position.js";
import { findPurgedPositions } from "./statements/find-purged-positions.js";
import { readJobEvents } from "./statements/read-job-events.js";
import { readLastSeqs } from "./statements/read-last-seqs.js";
import { readLog } from "./statements/read-log.js";
import type { Synchronous } from "./synchronous.js";

export function createEvents(connection: Connection): Synchronous<EventStore> {
  const ofJob = connection.query(readJobEvents);
  const lastSeqs = connection.query(readLastSeqs);
  const log = connection.query(readLog);
  const purgedPositions = connection.query(findPurgedPositions);
  const lastPosition = connection.query(findLastPosition);
  return {
    read: (jobId, { after, limit }) => ofJob.list([jobId, after, limit]).map(toStoredEvent),

    lastSeqs: (jobIds) => new Map(lastSeqs.list([JSON.stringify(jobIds)])),

    readLog({ after, limit }) {
      const start = after === null ? 0 : readPosition(after);
      const events = log.list([start, limit]).map(toPositionedEvent);
      // Behind the events: what another process purges in between is told rather than missed.
      const purged = purgedPositions
        .list([start])
        .map(([owner, position]) => ({ owner, position: toPosition(position) }));
      return { events, position: events.at(-1)?.position ?? after, purged };
    },

    logEnd: () => toPosition(lastPosition.find([])![0]),
  };
}

function readPosition(after: string): number {
  if (/^\d{16}$/.test(after)) return Number(after);
  throw new AppError("invalid_request", {
    message: "The position in the log cannot be read. Send the position of an earlier page, or none.",
  });
}
