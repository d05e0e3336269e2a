// The records of files, and which jobs name them.
import type { Clock, FileRecordStore } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import type { FileLinks } from "./file-links.js";
import { toFileRecord } from "./side-rows.js";
import { deleteFile } from "./statements/delete-file.js";
import { deleteFileLinks } from "./statements/delete-file-links.js";
import { deleteUnlinkedFile } from "./statements/delete-unlinked-file.js";
import { findExpiredFiles } from "./statements/find-expired-files.js";
import { findFile } from "./statements/find-file.js";
import { findJobFiles } from "./statements/find-job-files.js";
import { findJobNumber } from "./statements/find-job-number.js";
import { insertFile } from "./statements/insert-file.js";
import type { Synchronous } from "./synchronous.js";

export function createFiles(
  connection: Connection,
  { links, clock }: { links: FileLinks; clock: Clock },
): Synchronous<FileRecordStore> {
  const insert = connection.query(insertFile);
  const find = connection.query(findFile);
  const job = connection.query(findJobNumber);
  const linked = connection.query(findJobFiles);
  const expired = connection.query(findExpiredFiles);
  const remove = connection.query(deleteFile);
  const removeUnlinked = connection.query(deleteUnlinkedFile);
  const removeLinks = connection.query(deleteFileLinks);
  return {
    insert(file) {
      const { id, owner, name, mediaType, sizeBytes, sha256, createdAt, expiresAt } = file;
      connection.write(() => insert.run([id, owner, name, mediaType, sizeBytes, sha256, createdAt, expiresAt]));
    },

    find(fileId) {
      const row = find.find([fileId]);
      return row && toFileRecord(row);
    },

    link(jobId, fileIds) {
      connection.write(() => {
        const row = job.find([jobId]);
        if (row !== undefined) links.add({ number: row[0], owner: row[1] }, fileIds);
      });
    },

    linkedTo: (jobId) => linked.list([jobId]).map(([fileId]) => fileId),

    findExpired: ({ limit, now = clock.now() }) => expired.list([now, limit]).map(([id]) => id),

    remove: (fileIds, { unlinkedOnly = false } = {}) =>
      connection.write(() =>
        fileIds.filter((fileId) => {
          if (unlinkedOnly) return Number(removeUnlinked.run([fileId]).changes) > 0;
          removeLinks.run([fileId]);
          return Number(remove.run([fileId]).changes) > 0;
        }),
      ),
  };
}
