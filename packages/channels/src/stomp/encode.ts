// From a frame to the text that goes over the wire.
import { escapeHeader, escapesIn } from "./escapes.js";
import type { HeaderList, StompVersion } from "./frame.js";

export interface EncodeOptions {
  readonly version: StompVersion;
  /** Its length is told with `content-length`. */
  readonly body?: string;
}

export function encodeFrame(command: string, headers: HeaderList, { version, body }: EncodeOptions): string {
  const escapes = escapesIn(command, version);
  let text = `${command}\n`;
  for (const [name, value] of headers) {
    if (value !== undefined) text += `${escapeHeader(name, escapes)}:${escapeHeader(value, escapes)}\n`;
  }
  return body === undefined ? `${text}\n\0` : `${text}content-length:${Buffer.byteLength(body)}\n\n${body}\0`;
}

/** One line end between frames: a sign of life. */
export const HEART_BEAT = "\n";
