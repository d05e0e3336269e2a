// File bytes in memory, for tests. It lies in one way: a gigabyte would be held.
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { AppError, type FileBytes } from "@meanwhile/core";

export interface MemoryFileBytes extends FileBytes {
  readonly ids: () => readonly string[];
}

export function createMemoryFileBytes(): MemoryFileBytes {
  const kept = new Map<string, Buffer>();
  return {
    ids: () => [...kept.keys()],
    async write(fileId, source, { maxBytes }) {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      for await (const chunk of source instanceof Readable ? source : Readable.from([Buffer.from(source)])) {
        sizeBytes += (chunk as Buffer).length;
        if (sizeBytes > maxBytes) throw new AppError("payload_too_large", { message: `At most ${maxBytes} bytes.` });
        chunks.push(chunk as Buffer);
      }
      const bytes = Buffer.concat(chunks);
      kept.set(fileId, bytes);
      return { sizeBytes, sha256: createHash("sha256").update(bytes).digest("hex") };
    },
    read(fileId, range) {
      const bytes = kept.get(fileId);
      if (bytes === undefined) return new Readable({ read: (): void => {} }).destroy(new Error("The bytes are gone."));
      return Readable.from([range === undefined ? bytes : bytes.subarray(range.start, range.end + 1)]);
    },
    async remove(fileId) {
      kept.delete(fileId);
    },
    sweep: async () => 0,
  };
}
