// The port behind which the bytes of files are kept; what is known about a file stands in the store.
import type { Readable } from "node:stream";

export interface FileBytes {
  /**
   * Keeps the bytes under a new id, durably before it resolves; streamed, never held in memory. After a rejection
   * nothing is left behind.
   *
   * @throws AppError `payload_too_large` beyond `maxBytes`; `store_unavailable` where the place is full or away.
   */
  write(
    fileId: string,
    source: Readable | Uint8Array | string,
    options: { maxBytes: number; signal?: AbortSignal },
  ): Promise<WrittenBytes>;
  /** Both ends inclusive, as in HTTP ranges. Default: all of it. The stream fails where the bytes are gone. */
  read(fileId: string, range?: { start: number; end: number }): Readable;
  /** Harmless where they are gone already. */
  remove(fileId: string): Promise<void>;
  /** Removes what a killed process left half-written. @returns how many pieces went. */
  sweep(): Promise<number>;
}

export interface WrittenBytes {
  readonly sizeBytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}
