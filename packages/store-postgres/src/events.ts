// Reads the event log, per job and as a whole.
import type { EventStore } from "@meanwhile/core";
import type { Database } from "./database.js";
import { LOG_START, readPosition, toPosition } from "./position.js";
import { toPositionedEvent, toStoredEvent } from "./rows.js";
import { findLogEnd } from "./statements/find-log-end.js";
import { findPurgedPositions } from "./statements/find-purged-positions.js";
import { readJobEvents } from "./statements/read-job-events.js";
import { readLastSeqs } from "./statements/read-last-seqs.js";
import { readLog } from "./statements/read-log.js";

export function createEvents(database: Database): EventStore {
  return {
    read: async (jobId, { after, limit }) =>
      (await database.list(readJobEvents, [jobId, after, limit])).map(toStoredEvent),

    lastSeqs: async (jobIds) => new Map(jobIds.length === 0 ? [] : await database.list(readLastSeqs, [jobIds])),

    async readLog({ after, limit }) {
      const start = after === null ? LOG_START : readPosition(after);
      const events = (await database.list(readLog, [...start, limit])).map(toPositionedEvent);
      // Behind the events: what another process purges in between is told rather than missed.
      const holes = await database.list(findPurgedPositions, [...start]);
      const purged = holes.map(([owner, ...place]) => ({ owner, position: toPosition(place) }));
      return { events, position: events.at(-1)?.position ?? after, purged };
    },

    async logEnd() {
      const [place = LOG_START] = await database.list(findLogEnd, []);
      return toPosition(place);
    },
  };
}
