// Reads the zip containers of office files, and refuses those that unpack to more than a file of their kind needs.
//
// The sizes in a zip's directory are claims. yauzl (chosen for this) fails an entry's stream as soon as it gives more bytes than
// claimed, so the sum of the claims is a true bound for whatever is read here. For containers that are handed on to a program
// with a reader of its own, `verify` unpacks every entry once against its claim.
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { ConversionError } from "../conversion-error.js";
import { MAX_UNZIP_RATIO, MAX_UNZIPPED_BYTES, MAX_ZIP_ENTRIES, UNZIP_RATIO_FLOOR_BYTES } from "../limits.js";

export interface ZipContainer {
  readonly names: readonly string[];
  has(name: string): boolean;
  /** Unpacked size of an entry. */
  sizeBytes(name: string): number;
  /** @throws ConversionError `corrupt_file` when there is no such entry. */
  stream(name: string): Promise<Readable>;
  /** The whole entry. @throws ConversionError `zip_bomb` above `maxBytes`. */
  bytes(name: string, maxBytes: number): Promise<Buffer>;
  /** Unpacks every entry, to nowhere: proves sizes and checksums before another program reads the file. */
  verify(signal: AbortSignal): Promise<void>;
}

/**
 * Opens the container, gives it to `use`, and closes it.
 *
 * @throws ConversionError `corrupt_file`, `encrypted_file`, or `zip_bomb`.
 */
export async function withZipContainer<T>(
  filePath: string,
  use: (container: ZipContainer) => Promise<T>,
  limits: { maxBytes?: number } = {},
): Promise<T> {
  const zip = await readZip(() => openPromise(filePath, { autoClose: false }));
  try {
    const entries = await readZip(() => listEntries(zip));
    refuseBomb(entries, limits.maxBytes ?? MAX_UNZIPPED_BYTES);
    return await use(containerOf(zip, entries));
  } finally {
    zip.close();
  }
}

/** Runs a read; what the zip reader complains about is the file's fault and gets its code. */
export async function readZip<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof ConversionError || (cause as Error).name === "AbortError") throw cause;
    throw new ConversionError("corrupt_file", `The file's zip container is damaged: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function listEntries(zip: ZipFile): Promise<ReadonlyMap<string, Entry>> {
  if (zip.entryCount > MAX_ZIP_ENTRIES)
    throw new ConversionError("zip_bomb", `The container holds ${zip.entryCount} files; at most ${MAX_ZIP_ENTRIES}.`);
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    if (entry.isEncrypted())
      throw new ConversionError(
        "encrypted_file",
        "The file is protected with a password. Remove it and send it again.",
      );
    // Two readers could pick different ones of a pair: what was checked here would not be what another program reads.
    if (entries.has(entry.fileName))
      throw new ConversionError("corrupt_file", `The file's zip container holds "${entry.fileName}" twice.`);
    entries.set(entry.fileName, entry);
  }
  return entries;
}

function refuseBomb(entries: ReadonlyMap<string, Entry>, maxBytes: number): void {
  let packed = 0;
  let unpacked = 0;
  for (const entry of entries.values()) {
    packed += entry.compressedSize;
    unpacked += entry.uncompressedSize;
  }
  const ratio = unpacked / Math.max(packed, 1);
  if (unpacked > maxBytes)
    throw new ConversionError(
      "zip_bomb",
      `The file unpacks to ${inMib(unpacked)} MiB; at most ${inMib(maxBytes)} MiB.`,
    );
  if (unpacked > UNZIP_RATIO_FLOOR_BYTES && ratio > MAX_UNZIP_RATIO)
    throw new ConversionError(
      "zip_bomb",
      `The file unpacks to ${Math.round(ratio)} times its size; at most ${MAX_UNZIP_RATIO} times.`,
    );
}

function containerOf(zip: ZipFile, entries: ReadonlyMap<string, Entry>): ZipContainer {
  const get = (name: string): Entry => {
    const entry = entries.get(name);
    if (entry === undefined) throw new ConversionError("corrupt_file", `The file lacks its part "${name}".`);
    return entry;
  };
  const stream = (name: string) => {
    const entry = get(name);
    return readZip(async () =>
      Readable.from(checked(await zip.openReadStreamPromise(entry), entry), { objectMode: false }),
    );
  };
  return {
    names: [...entries.keys()],
    has: (name) => entries.has(name),
    sizeBytes: (name) => get(name).uncompressedSize,
    stream,
    async bytes(name, maxBytes) {
      if (get(name).uncompressedSize > maxBytes)
        throw new ConversionError("zip_bomb", `The file's part "${name}" is larger than ${inMib(maxBytes)} MiB.`);
      return readZip(async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of await stream(name)) chunks.push(chunk as Buffer);
        return Buffer.concat(chunks);
      });
    },
    async verify(signal) {
      for (const name of entries.keys()) {
        if (name.endsWith("/")) continue;
        signal.throwIfAborted();
        await readZip(async () => {
          for await (const _ of await stream(name));
        });
      }
    },
  };
}

/** yauzl leaves the checksum to its caller. Without it, a flipped bit is a changed number in the table. */
async function* checked(bytes: Readable, entry: Entry): AsyncGenerator<Buffer> {
  let checksum = 0;
  for await (const chunk of bytes) {
    checksum = crc32(chunk as Buffer, checksum);
    yield chunk as Buffer;
  }
  if (checksum !== entry.crc32) throw new Error(`the checksum of "${entry.fileName}" does not match`);
}

function inMib(bytes: number): number {
  return Math.ceil(bytes / (1024 * 1024));
}
