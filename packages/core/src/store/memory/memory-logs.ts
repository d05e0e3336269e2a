// What handlers logged, bounded per job.
import { LOG_LEVELS } from "@meanwhile/protocol";
import type { JobLogStore } from "../job-log-store.js";
import type { MemoryTables } from "./memory-tables.js";

export function createMemoryLogs(tables: MemoryTables): JobLogStore {
  return {
    append: async (lines, { maxLines, droppedNote }) => {
      for (const line of lines) {
        const kept = tables.jobs.get(line.jobId)?.lines;
        if (kept === undefined || kept.length > maxLines) continue;
        const seq = kept.length + 1;
        const isFull = kept.length === maxLines;
        kept.push(isFull ? { ...line, seq, level: "warn", message: droppedNote, fields: null } : { ...line, seq });
      }
    },

    read: async (jobId, { after, limit, minLevel }) =>
      (tables.jobs.get(jobId)?.lines ?? [])
        .filter((line) => line.seq > after && LOG_LEVELS.indexOf(line.level) >= LOG_LEVELS.indexOf(minLevel))
        .slice(0, limit),
  };
}
