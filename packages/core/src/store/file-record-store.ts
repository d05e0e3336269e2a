// The part of the storage port that knows the files: who owns them, which jobs name them. The bytes are elsewhere.
import type { JobId } from "../job/job.js";

export interface FileRecord {
  /** UUIDv7 text. */
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly createdAt: number;
  /** Earliest end of the file; a job that names it keeps it longer. */
  readonly expiresAt: number;
}

export interface FileRecordStore {
  insert(file: FileRecord): Promise<void>;
  find(fileId: string): Promise<FileRecord | undefined>;

  /**
   * The job names these files from now on. Files that do not exist or belong to another owner are passed over, and so is
   * all of it where the job does not exist.
   */
  link(jobId: JobId, fileIds: readonly string[]): Promise<void>;

  /** The ids of the files that the job names, in no order. */
  linkedTo(jobId: JobId): Promise<readonly string[]>;

  /** Files whose `expiresAt` has come and that no job names any more, longest expired first, at most `limit`. */
  findExpired(options: { limit: number; now?: number }): Promise<readonly string[]>;

  /**
   * Forgets the records, and the links to them.
   *
   * @param options.unlinkedOnly Passes over files that a job still names. Default: `false`.
   * @returns the ids that are gone by this call, in no order.
   */
  remove(fileIds: readonly string[], options?: { unlinkedOnly?: boolean }): Promise<readonly string[]>;
}
