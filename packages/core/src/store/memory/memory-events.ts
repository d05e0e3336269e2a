// The event log of the memory store, per job and as a whole.
import { AppError } from "../../errors.js";
import type { EventStore } from "../event-store.js";
import type { MemoryTables } from "./memory-tables.js";

export function createMemoryEvents(tables: MemoryTables): EventStore {
  return {
    read: async (jobId, { after, limit }) => (tables.jobs.get(jobId)?.events ?? []).slice(after, after + limit),

    lastSeqs: async (jobIds) => {
      const known = jobIds.flatMap((jobId) => tables.jobs.get(jobId)?.job ?? []);
      return new Map(known.map((job) => [job.id, job.lastSeq]));
    },

    readLog: async ({ after, limit }) => {
      const start = after === null ? 0 : readPosition(after);
      const events = tables.log
        .filter(({ position }) => position > start)
        .slice(0, limit)
        .map(({ position, event }) => ({ ...event, position: String(position) }));
      return { events, position: events.at(-1)?.position ?? after };
    },

    logEnd: async () => String(tables.lastPosition),
  };
}

function readPosition(after: string): number {
  if (/^\d{1,15}$/.test(after)) return Number(after);
  throw new AppError("invalid_request", {
    message: "The position in the log cannot be read. Send the position of an earlier page, or none.",
  });
}
