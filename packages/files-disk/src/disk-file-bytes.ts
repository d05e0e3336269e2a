// `FileBytes` on a folder: streamed to a temporary name, hashed on the way, renamed once it is durable.
//
// Stages of a write, and what a crash after each leaves behind:
//   1. create `<shard>/<id>.<writer>.part`   nothing that a reader finds; `sweep` removes it
//   2. stream, count, hash                   the same
//   3. fsync the file, close it              the same
//   4. rename to `<shard>/<id>`              the whole file, or (power loss) the temporary one
//   5. fsync the folder, then resolve        the whole file, whatever happens (invariant I9)
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, constants, type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError, type FileBytes, isUuid, requireText, type WrittenBytes } from "@meanwhile/core";
import { isFullDisk, isMissing, toReadError, toWriteError } from "./disk-errors.js";
import { identifyThisProcess, isAlive, parseWriter, type Writer, writerText } from "./writer.js";

export interface DiskFileBytesOptions {
  /** Where the bytes live; made when it is first needed, readable by this user only. */
  folder: string;
}

/**
 * Keeps bytes durably in a folder, in 256 subfolders by the end of the id. Several processes may share the folder.
 *
 * @throws ConfigurationError where `folder` is no text.
 * @example const bytes = createDiskFileBytes({ folder: "./data/files" });
 */
export function createDiskFileBytes(options: DiskFileBytesOptions): FileBytes {
  const folder = resolve(requireText("createDiskFileBytes: folder", options.folder));
  let writer: Promise<Writer> | undefined;
  let writes = 0;

  return {
    async write(fileId, source, { maxBytes, signal }) {
      const target = pathOf(folder, fileId);
      signal?.throwIfAborted();
      const origin = toReadable(source);
      // From the first moment: a source that fails before it is read would otherwise end the process.
      origin.once("error", () => {});
      writer ??= identifyThisProcess();
      const part = `${target}.${writerText(await writer, ++writes)}${PART}`;
      try {
        await onDisk(folder, makeShard(dirname(target)));
        const written = await writePart(part, origin, { folder, maxBytes, signal });
        await onDisk(folder, rename(part, target));
        await onDisk(folder, syncFolder(dirname(target)));
        return written;
      } catch (error) {
        await rm(part, { force: true }).catch(() => {
          // The first error says what is wrong; what is left here falls to `sweep`.
        });
        throw error;
      }
    },

    read(fileId, range) {
      const stream = createReadStream(pathOf(folder, fileId), range);
      const destroy = stream._destroy.bind(stream);
      // A reader learns that the file is gone, not which path it had.
      stream._destroy = (error, done) => destroy(toReadError(error, fileId), done);
      return stream;
    },

    async remove(fileId) {
      await onDisk(folder, rm(pathOf(folder, fileId), { force: true }));
    },

    sweep: () => sweep(folder),
  };
}

/**
 * Looks whether files can be kept in the folder now, by keeping one. Never rejects.
 *
 * @returns `undefined` where all is well, else what is wrong and what would do.
 */
export async function checkFilesFolder(folder: string): Promise<string | undefined> {
  const probe = join(resolve(folder), `.probe-${process.pid}`);
  try {
    await mkdir(dirname(probe), { recursive: true, mode: PRIVATE_FOLDER });
    await access(dirname(probe), constants.R_OK | constants.W_OK);
    const handle = await open(probe, "w", PRIVATE_FILE);
    try {
      await handle.write("probe");
      await handle.sync();
    } finally {
      await handle.close();
    }
    return undefined;
  } catch (error) {
    return isFullDisk(error)
      ? `There is no room in ${dirname(probe)}. Free some, or name another folder.`
      : `Files cannot be written in ${dirname(probe)}: ${(error as Error).message}. Give this user the right to write there, or name another folder.`;
  } finally {
    await rm(probe, { force: true }).catch(() => {
      // The answer already says that the folder cannot be written.
    });
  }
}

const PART = ".part";
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

/** A live writer in another place touches its file far more often; an upload that stood still this long is over. */
const FOREIGN_PART_LIFETIME_MS = 86_400_000;

function pathOf(folder: string, fileId: string): string {
  // The only thing between a caller's text and the file system: nothing but a UUID becomes part of a path.
  if (!isUuid(fileId)) throw new TypeError(`A file id must be a lower-case UUID, got ${JSON.stringify(fileId)}.`);
  // The end of a UUIDv7 is random; its beginning is the time, which would fill one shard after the other.
  return join(folder, fileId.slice(-2), fileId);
}

/** Translates where the folder fails, and only there: a source that is a file itself may fail like a disk, too. */
async function onDisk<T>(folder: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toWriteError(error, folder);
  }
}

async function writePart(
  part: string,
  source: Readable,
  { folder, maxBytes, signal }: { folder: string; maxBytes: number; signal: AbortSignal | undefined },
): Promise<WrittenBytes> {
  const handle = await onDisk(folder, open(part, "wx", PRIVATE_FILE));
  try {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    const sink = async (chunks: AsyncIterable<Uint8Array | string>): Promise<void> => {
      for await (const chunk of chunks) {
        const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
        sizeBytes += bytes.length;
        if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
        hash.update(bytes);
        await onDisk(folder, writeAll(handle, bytes));
      }
    };
    await pipeline(source, sink, signal === undefined ? {} : { signal });
    await onDisk(folder, handle.sync());
    return { sizeBytes, sha256: hash.digest("hex") };
  } finally {
    await handle.close();
  }
}

/** A disk that is nearly full takes a part of the bytes first, and refuses the rest. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    offset += (await handle.write(bytes, offset)).bytesWritten;
  }
}

function toReadable(source: Readable | Uint8Array | string): Readable {
  // A list of one: `Readable.from` would take text apart into characters.
  return source instanceof Readable ? source : Readable.from([source], { objectMode: true });
}

function tooLarge(maxBytes: number): AppError {
  return new AppError("payload_too_large", {
    message: `The file is larger than the ${maxBytes} bytes that are allowed.`,
    details: { maxBytes },
  });
}

async function makeShard(shard: string): Promise<void> {
  const firstMade = await mkdir(shard, { recursive: true, mode: PRIVATE_FOLDER });
  if (firstMade === undefined) return;
  // Every new folder's name must be durable too, up to the one that was there before.
  for (let made = shard; made.length >= firstMade.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder for this, and keeps names durable by itself.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sweep(folder: string): Promise<number> {
  let removed = 0;
  for (const shard of await entriesOf(folder)) {
    if (!/^[0-9a-f]{2}$/.test(shard)) continue;
    for (const name of await entriesOf(join(folder, shard))) {
      if (!name.endsWith(PART) || !(await isAbandoned(join(folder, shard, name)))) continue;
      await onDisk(folder, rm(join(folder, shard, name), { force: true }));
      removed++;
    }
  }
  return removed;
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw toWriteError(error, folder);
  }
}

async function isAbandoned(part: string): Promise<boolean> {
  const writer = parseWriter(part);
  const alive = writer === undefined ? "unknown" : await isAlive(writer);
  if (alive !== "unknown") return !alive;
  try {
    return Date.now() - (await stat(part)).mtimeMs > FOREIGN_PART_LIFETIME_MS;
  } catch (error) {
    // Its writer finished in between: nothing is left to remove.
    if (isMissing(error)) return false;
    throw error;
  }
}
