// Turns bytes into text without guessing: UTF-8, or UTF-16 that says so. Anything else would be read as other letters in silence.
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { TextDecoder } from "node:util";
import { ConversionError } from "../conversion-error.js";

/**
 * The text of these bytes, or `undefined` when they are no text: in none of the encodings known here, or with NUL.
 *
 * @param options.truncated The bytes are the start of something longer: the last character may be cut.
 */
export function decodeText(bytes: Uint8Array, options: { truncated?: boolean } = {}): string | undefined {
  try {
    const text = decoderFor(bytes).decode(bytes, { stream: options.truncated ?? false });
    return text.includes("\0") ? undefined : text;
  } catch {
    // A `fatal` decoder throws for what is not in its encoding: no text.
    return undefined;
  }
}

/** Reads a text file piece by piece. @throws ConversionError `unsupported_encoding` where the bytes stop being text. */
export async function* readTextPieces(filePath: string, signal: AbortSignal): AsyncGenerator<TextPiece> {
  let decoder: TextDecoder | undefined;
  let bytesRead = 0;
  for await (const chunk of createReadStream(filePath, { signal, highWaterMark: 256 * 1024 })) {
    const bytes = chunk as Buffer;
    decoder ??= decoderFor(bytes);
    const text = decodeOrThrow(() => decoder!.decode(bytes, { stream: true }), bytesRead);
    bytesRead += bytes.length;
    yield { text, bytesRead };
  }
  if (decoder !== undefined) yield { text: decodeOrThrow(() => decoder!.decode(), bytesRead), bytesRead };
}

export interface TextPiece {
  readonly text: string;
  readonly bytesRead: number;
}

/** Reads a text file whole. @throws ConversionError `file_too_large`, `unsupported_encoding`. */
export async function readText(filePath: string, sizeBytes: number, maxBytes: number): Promise<string> {
  if (sizeBytes > maxBytes)
    throw new ConversionError("file_too_large", `The text has ${sizeBytes} bytes; at most ${maxBytes} are laid out.`);
  const bytes = await readFile(filePath);
  return decodeOrThrow(() => decoderFor(bytes).decode(bytes), 0);
}

function decoderFor(start: Uint8Array): TextDecoder {
  const [first, second] = start;
  // The decoder drops the byte order mark itself.
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le", { fatal: true });
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be", { fatal: true });
  return new TextDecoder("utf-8", { fatal: true });
}

function decodeOrThrow(decode: () => string, afterBytes: number): string {
  try {
    return decode();
  } catch (cause) {
    throw new ConversionError(
      "unsupported_encoding",
      `The text is neither UTF-8 nor UTF-16 with a byte order mark (after byte ${afterBytes}). Save it as UTF-8.`,
      { cause },
    );
  }
}
