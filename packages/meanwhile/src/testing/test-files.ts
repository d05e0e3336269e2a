// The files of a job under test: in memory, with the same refusals as real ones.
import { createHash, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { type JobFiles, NonRetryableError, type OpenedFile, type SavedFile } from "@meanwhile/core";

/** A file that the job may open. */
export interface TestFile {
  readonly bytes: Uint8Array | string;
  /** Default: `file`. */
  readonly name?: string;
  /** Default: `application/octet-stream`. */
  readonly mediaType?: string;
}

/** A file that the job saved. */
export interface SavedTestFile extends SavedFile {
  readonly bytes: Buffer;
}

export interface TestFiles extends JobFiles {
  readonly saved: readonly SavedTestFile[];
}

export function createTestFiles(given: Readonly<Record<string, TestFile>>, signal: () => AbortSignal): TestFiles {
  const known = new Map(Object.entries(given).map(([id, file]) => [id, toSaved(id, file)]));
  const saved: SavedTestFile[] = [];
  return {
    saved,
    async open(fileId) {
      const file = known.get(fileId);
      if (file === undefined) {
        throw new NonRetryableError("file_not_found", `There is no file ${fileId}, or it has expired.`);
      }
      return opened(file);
    },
    async save(source, { name, mediaType }) {
      const bytes = source instanceof Readable ? await buffer(source) : source;
      signal().throwIfAborted();
      const file = toSaved(randomUUID(), { bytes, name, mediaType });
      known.set(file.id, file);
      saved.push(file);
      return facts(file);
    },
  };
}

function toSaved(
  id: string,
  { bytes, name = "file", mediaType = "application/octet-stream" }: TestFile,
): SavedTestFile {
  const content = Buffer.from(bytes as Uint8Array);
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { id, name, mediaType, sizeBytes: content.length, sha256, bytes: content };
}

function facts({ id, name, mediaType, sizeBytes, sha256 }: SavedTestFile): SavedFile {
  return { id, name, mediaType, sizeBytes, sha256 };
}

function opened(file: SavedTestFile): OpenedFile {
  // A list of one, so that an empty file is an empty stream too.
  return { ...facts(file), stream: () => Readable.from(file.bytes.length === 0 ? [] : [file.bytes]) };
}
