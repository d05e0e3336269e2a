// The records of files, and which jobs name them.
import type { FileRecordStore } from "@meanwhile/core";
import type { Database } from "./database.js";
import { toFileRecord } from "./side-rows.js";
import { deleteFiles } from "./statements/delete-files.js";
import { findExpiredFiles } from "./statements/find-expired-files.js";
import { findFile } from "./statements/find-file.js";
import { findJobFiles } from "./statements/find-job-files.js";
import { insertFile } from "./statements/insert-file.js";
import { linkFiles } from "./statements/link-files.js";
import { lockJob } from "./statements/lock-job.js";

export function createFiles(database: Database): FileRecordStore {
  return {
    async insert(file) {
      const { id, owner, name, mediaType, sizeBytes, sha256, createdAt, expiresAt } = file;
      await database.write((transaction) =>
        transaction.run(insertFile, [id, owner, name, mediaType, sizeBytes, sha256, createdAt, expiresAt]),
      );
    },

    async find(fileId) {
      const [row] = await database.list(findFile, [fileId]);
      return row && toFileRecord(row);
    },

    async link(jobId, fileIds) {
      const wanted = [...new Set(fileIds)];
      await database.write(async (transaction) => {
        const [row] = await transaction.list(lockJob, [jobId]);
        if (row === undefined) return;
        const [number, owner] = row;
        await transaction.run(linkFiles, [wanted.map(() => number), wanted.map(() => owner), wanted]);
      });
    },

    linkedTo: async (jobId) => (await database.list(findJobFiles, [jobId])).map(([fileId]) => fileId),

    findExpired: async ({ limit, now }) =>
      (await database.list(findExpiredFiles, [now ?? null, limit])).map(([id]) => id),

    remove: async (fileIds, { unlinkedOnly = false } = {}) =>
      (await database.write((transaction) => transaction.list(deleteFiles, [fileIds, unlinkedOnly]))).map(([id]) => id),
  };
}
