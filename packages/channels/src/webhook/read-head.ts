// Reads an answer's body as far as it is worth reading.
import type { Readable } from "node:stream";

/** Kept and shown: enough for an error message. */
const KEPT_BYTES = 1_024;

/** Read to the end up to here, so that the connection can be used again; beyond it the connection is given up. */
const READ_BYTES = 16_384;

/**
 * @returns the beginning of the body as text that every store can keep.
 * @throws what the stream throws where it breaks off before its end or its bound.
 */
export async function readHead(body: Readable): Promise<string> {
  // Leaving the loop destroys the stream, which then says so; that is no news.
  body.on("error", () => {});
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let readBytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (keptBytes < KEPT_BYTES) {
      const part = chunk.subarray(0, KEPT_BYTES - keptBytes);
      kept.push(part);
      keptBytes += part.length;
    }
    readBytes += chunk.length;
    if (readBytes > READ_BYTES) break;
  }
  return asText(Buffer.concat(kept));
}

function asText(bytes: Buffer): string {
  // As if more followed: a character that the bound cut in two is left out. NUL is what no database keeps.
  return new TextDecoder().decode(bytes, { stream: true }).replaceAll("\0", "\uFFFD");
}
