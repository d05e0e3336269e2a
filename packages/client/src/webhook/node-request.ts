// The body of a request as node:http has it, without importing anything of Node.

/** As much of an IncomingMessage as is used. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** What a body parser in front left behind. */
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

/** As much of a ServerResponse as is used. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): { end(text: string): unknown };
}

export class BodyTooLargeError extends Error {}

/** Something has read the body before, and left no bytes. */
export class BodyTakenError extends Error {}

/** @throws BodyTooLargeError, BodyTakenError. */
export async function readNodeBody(request: NodeRequest, maxBytes: number): Promise<Uint8Array | string> {
  const raw = request.rawBody ?? request.body;
  if (typeof raw === "string" || raw instanceof Uint8Array) return raw;
  if (raw !== undefined) {
    throw new BodyTakenError(
      "The body was parsed already, so its signature cannot be checked: mount the receiver in front of body parsers.",
    );
  }
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > maxBytes) throw new BodyTooLargeError(`The body has more than ${maxBytes} bytes.`);
    pieces.push(piece);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}
