// The file records of the memory store, and which jobs name them.
import type { Clock } from "../../clock.js";
import type { FileRecordStore } from "../file-record-store.js";
import type { MemoryTables } from "./memory-tables.js";

export function createMemoryFiles(tables: MemoryTables, clock: Clock): FileRecordStore {
  const isNamed = (fileId: string): boolean => [...tables.jobs.values()].some(({ fileIds }) => fileIds.has(fileId));
  return {
    insert: async (file) => {
      tables.files.set(file.id, file);
    },

    find: async (fileId) => tables.files.get(fileId),

    link: async (jobId, fileIds) => {
      const row = tables.jobs.get(jobId);
      if (row === undefined) return;
      for (const fileId of fileIds) {
        if (tables.files.get(fileId)?.owner === row.job.owner) row.fileIds.add(fileId);
      }
    },

    linkedTo: async (jobId) => [...(tables.jobs.get(jobId)?.fileIds ?? [])],

    findExpired: async ({ limit, now = clock.now() }) =>
      [...tables.files.values()]
        .filter((file) => file.expiresAt <= now && !isNamed(file.id))
        .sort((a, b) => a.expiresAt - b.expiresAt)
        .slice(0, limit)
        .map((file) => file.id),

    remove: async (fileIds, { unlinkedOnly = false } = {}) => {
      const removed = fileIds.filter((fileId) => !(unlinkedOnly && isNamed(fileId)) && tables.files.delete(fileId));
      for (const row of tables.jobs.values()) for (const fileId of removed) row.fileIds.delete(fileId);
      return removed;
    },
  };
}
