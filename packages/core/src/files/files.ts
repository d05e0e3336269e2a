// The files of an owner: bytes and record together.
import type { Readable } from "node:stream";
import { LIMITS } from "@meanwhile/protocol";
import type { Clock } from "../clock.js";
import { AppError } from "../errors.js";
import { type IdSource, isUuid } from "../ids.js";
import { requireInteger, requireMs } from "../options.js";
import { maySee, type Principal } from "../principal/principal.js";
import { shortText } from "../storable-text.js";
import type { FileRecord, FileRecordStore } from "../store/file-record-store.js";
import type { FileBytes } from "./file-bytes.js";

export interface FilesOptions {
  /** Largest file, in bytes. Default: 1 GiB. */
  maxBytes?: number;
  /** How long a file lives that no job names, in milliseconds. Default: 86 400 000 (a day). */
  retentionMs?: number;
}

export interface SaveOptions {
  readonly owner: string;
  readonly name: string;
  readonly mediaType: string;
  readonly signal?: AbortSignal;
  /** A lower bound than the configured one. */
  readonly maxBytes?: number;
}

export interface Files {
  readonly maxBytes: number;
  /** @throws AppError `payload_too_large`, `store_unavailable`. */
  save(source: Readable | Uint8Array | string, options: SaveOptions): Promise<FileRecord>;
  /** @throws AppError `file_not_found`, also for another owner's file. */
  get(fileId: string, options: { principal: Principal }): Promise<FileRecord>;
  read(file: FileRecord, range?: { start: number; end: number }): Readable;
  /** @throws AppError `file_not_found`. */
  remove(fileId: string, options: { principal: Principal }): Promise<void>;
  /** Removes records and bytes, whoever they belong to, of those files that no job names (any more). */
  eraseUnlinked(fileIds: readonly string[]): Promise<void>;
}

export interface FilesDependencies {
  readonly records: FileRecordStore;
  readonly bytes: FileBytes;
  readonly ids: IdSource;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;
/** Characters; no file system takes more. */
const LONGEST_NAME = 255;

/** @throws ConfigurationError where an option is wrong. */
export function createFiles({ records, bytes, ids, clock }: FilesDependencies, options: FilesOptions = {}): Files {
  const maxBytes = requireInteger("files.maxBytes", options.maxBytes ?? LIMITS.fileBytes, { min: 1 });
  const retentionMs = requireMs("files.retentionMs", options.retentionMs ?? DAY_MS);

  const get: Files["get"] = async (fileId, { principal }) => {
    const file = isUuid(fileId) ? await records.find(fileId) : undefined;
    if (file === undefined || !maySee(principal, file.owner)) throw fileNotFound(fileId);
    return file;
  };

  const erase = async (fileIds: readonly string[], options?: { unlinkedOnly: boolean }) => {
    if (fileIds.length === 0) return;
    // The record first: a file that is still listed but has no bytes would be worse than bytes that nobody lists.
    const gone = await records.remove(fileIds, options);
    const outcomes = await Promise.allSettled(gone.map((fileId) => bytes.remove(fileId)));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  };

  return {
    maxBytes,
    async save(source, { owner, name, mediaType, signal, maxBytes: own }) {
      const id = ids.uuid();
      const limit = Math.min(maxBytes, own ?? maxBytes);
      const written = await bytes.write(id, source, { maxBytes: limit, ...(signal === undefined ? {} : { signal }) });
      const createdAt = clock.now();
      const file: FileRecord = {
        id,
        owner,
        name: shortText(name, LONGEST_NAME),
        mediaType,
        ...written,
        createdAt,
        expiresAt: createdAt + retentionMs,
      };
      try {
        await records.insert(file);
      } catch (error) {
        await bytes.remove(id);
        throw error;
      }
      return file;
    },
    get,
    read: (file, range) => bytes.read(file.id, range),
    async remove(fileId, access) {
      await erase([(await get(fileId, access)).id]);
    },
    eraseUnlinked: (fileIds) => erase(fileIds, { unlinkedOnly: true }),
  };
}

export function fileNotFound(fileId: string): AppError {
  return new AppError("file_not_found", { message: "There is no such file, or it has expired.", details: { fileId } });
}
