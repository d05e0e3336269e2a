// From bytes to frames, however they were cut: frames may come split or joined, with LF or CRLF, in text or in bytes.
//
// Bounded at every moment: the head of a frame by its size and number of lines, the body by its size.
import { isUtf8 } from "node:buffer";
import { AppError } from "@meanwhile/core";
import { escapesIn, unescapeHeader } from "./escapes.js";
import type { Frame, StompVersion } from "./frame.js";

export interface Decoder {
  /** How headers are read from the next frame on. */
  version: StompVersion;
  /**
   * Yields the frames that these bytes complete. Lazily: what one frame changes holds for the next.
   *
   * @throws AppError `invalid_request`, `payload_too_large`; nothing can be read after it.
   */
  push(bytes: Buffer): Generator<Frame, void, undefined>;
}

/** Command and headers of a frame together; a credential has to fit. */
export const HEAD_BYTES = 16 * 1024;
export const HEADER_LINES = 100;
/** As much as a message may hold. */
export const BODY_BYTES = 1024 * 1024;

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;
const EMPTY: Buffer = Buffer.alloc(0);

interface Head {
  readonly command: string;
  readonly headers: Map<string, string>;
  lines: number;
}

interface Body {
  readonly chunks: Buffer[];
  bytes: number;
  /** `undefined`: it ends with the first NUL. */
  readonly length: number | undefined;
}

export function createDecoder(): Decoder {
  const decoder: Decoder = { version: "1.0", push };
  let line: Buffer = EMPTY;
  let headBytes = 0;
  let head: Head | undefined;
  let body: Body | undefined;

  function* push(bytes: Buffer): Generator<Frame, void, undefined> {
    let at = 0;
    while (at < bytes.length) {
      if (body === undefined) {
        at = takeLine(bytes, at);
        continue;
      }
      const end = endOfBody(bytes, at, body);
      takeBody(bytes.subarray(at, end ?? bytes.length), body);
      if (end === undefined) return;
      at = end + 1;
      const frame: Frame = { command: head!.command, headers: head!.headers, body: joined(body) };
      head = undefined;
      body = undefined;
      headBytes = 0;
      yield frame;
    }
  }

  /** @returns where to read on. */
  const takeLine = (bytes: Buffer, at: number): number => {
    const lineEnd = bytes.indexOf(LF, at);
    const end = lineEnd < 0 ? bytes.length : lineEnd;
    const part = bytes.subarray(at, end);
    headBytes += part.length;
    if (headBytes > HEAD_BYTES) throw tooLarge(`The head of a frame is larger than ${HEAD_BYTES} bytes.`);
    if (part.includes(NUL)) throw unreadable("A NUL came before the empty line that ends the headers of a frame.");
    line = line.length === 0 ? part : Buffer.concat([line, part]);
    if (lineEnd < 0) return end;
    const whole = line.at(-1) === CR ? line.subarray(0, -1) : line;
    line = EMPTY;
    if (whole.length > 0) takeHead(toText(whole));
    else if (head !== undefined) body = { chunks: [], bytes: 0, length: readLength(head) };
    // Else an empty line between frames: a sign of life.
    else headBytes = 0;
    return end + 1;
  };

  const takeHead = (text: string) => {
    if (head === undefined) {
      head = { command: text, headers: new Map(), lines: 0 };
      return;
    }
    if (++head.lines > HEADER_LINES) throw tooLarge(`A frame has more than ${HEADER_LINES} headers.`);
    const colon = text.indexOf(":");
    if (colon <= 0) throw unreadable(`A header of ${shown(head.command)} is no "name:value".`);
    const escapes = escapesIn(head.command, decoder.version);
    const name = unescapeHeader(text.slice(0, colon), escapes);
    if (!head.headers.has(name)) head.headers.set(name, unescapeHeader(text.slice(colon + 1), escapes));
  };

  return decoder;
}

/** @returns where the NUL after the body is, or `undefined` where it is still to come. */
function endOfBody(bytes: Buffer, at: number, body: Body): number | undefined {
  if (body.length === undefined) {
    const end = bytes.indexOf(NUL, at);
    return end < 0 ? undefined : end;
  }
  const end = at + body.length - body.bytes;
  if (end >= bytes.length) return undefined;
  if (bytes[end] !== NUL) throw unreadable("The body is longer than its content-length says: no NUL follows it.");
  return end;
}

function takeBody(part: Buffer, body: Body): void {
  body.bytes += part.length;
  if (body.bytes > BODY_BYTES) throw tooLarge(`The body of a frame is larger than ${BODY_BYTES} bytes.`);
  if (part.length > 0) body.chunks.push(part);
}

function joined({ chunks }: Body): Buffer {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function readLength({ headers }: Head): number | undefined {
  const text = headers.get("content-length");
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw unreadable(`content-length is no number of bytes: ${shown(text)}.`);
  if (Number(text) > BODY_BYTES) throw tooLarge(`The body of a frame is larger than ${BODY_BYTES} bytes.`);
  return Number(text);
}

function toText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw unreadable("The head of a frame is not UTF-8 text.");
  return bytes.toString("utf8");
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

function unreadable(message: string): AppError {
  return new AppError("invalid_request", { message });
}

function tooLarge(message: string): AppError {
  return new AppError("payload_too_large", { message });
}
