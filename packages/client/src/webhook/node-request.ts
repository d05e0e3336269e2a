// The body of a request as node:http has it, without importing anything of Node.
import { createPieces } from "./body-pieces.js";

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
  const pieces = createPieces(maxBytes);
  for await (const piece of request) pieces.add(piece);
  return pieces.joined();
}
