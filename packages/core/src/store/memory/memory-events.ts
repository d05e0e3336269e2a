// The event log of the memory store, per job and as a whole.
import { AppError } from "../../errors.js";
import { needsRow } from "../../event/event.js";
import type { StoredEvent } from "../../job/change.js";
import type { EventStore, PositionedEvent } from "../event-store.js";
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
        .map(({ position, event }) => ({ ...event, position: positionText(position), ...factsOf(tables, event) }));
      const purged = [...tables.purged]
        .filter(([, position]) => position > start)
        .map(([owner, position]) => ({ owner, position: positionText(position) }));
      return { events, position: events.at(-1)?.position ?? after, purged };
    },

    logEnd: async () => positionText(tables.lastPosition),
  };
}

function factsOf(tables: MemoryTables, event: StoredEvent): Pick<PositionedEvent, "owner" | "subject"> {
  const { owner, type, priority, createdAt, rerunOf, result, error } = tables.jobs.get(event.jobId)!.job;
  const ending = needsRow(event) && event.type !== "job.submitted" ? { result, error } : { result: null, error: null };
  return { owner, subject: { type, priority, createdAt, rerunOf, ...ending } };
}

/** As wide as the largest one, so that texts sort as the numbers do. */
function positionText(position: number): string {
  return String(position).padStart(16, "0");
}

function readPosition(after: string): number {
  if (/^\d{16}$/.test(after)) return Number(after);
  throw new AppError("invalid_request", {
    message: "The position in the log cannot be read. Send the position of an earlier page, or none.",
  });
}
