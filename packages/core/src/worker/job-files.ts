// The files that a handler may open and save: those of its job's owner.

import type { JobFiles, OpenedFile } from "../definition/context.js";
import { NonRetryableError } from "../definition/handler-errors.js";
import { AppError } from "../errors.js";
import type { Files } from "../files/files.js";
import type { ClaimedJob } from "../job/job.js";
import type { Principal } from "../principal/principal.js";
import type { FileRecord, FileRecordStore } from "../store/file-record-store.js";

export function createJobFiles(
  job: ClaimedJob,
  { files, records, signal }: { files: Files; records: FileRecordStore; signal: AbortSignal },
): JobFiles {
  const principal: Principal = { owner: job.owner, name: job.owner, scopes: null, expiresAt: null, credentialId: null };
  return {
    async open(fileId) {
      const file = await files.get(fileId, { principal }).catch((error: unknown) => {
        if (error instanceof AppError && error.code === "file_not_found") {
          throw new NonRetryableError("file_not_found", `There is no file ${fileId}, or it has expired.`);
        }
        throw error;
      });
      return opened(file, files);
    },
    async save(bytes, { name, mediaType }) {
      const file = await files.save(bytes, { owner: job.owner, name, mediaType, signal });
      await records.link(job.id, [file.id]);
      return saved(file);
    },
  };
}

function opened(file: FileRecord, files: Files): OpenedFile {
  return { ...saved(file), stream: () => files.read(file) };
}

function saved({ id, name, mediaType, sizeBytes, sha256 }: FileRecord) {
  return { id, name, mediaType, sizeBytes, sha256 };
}
