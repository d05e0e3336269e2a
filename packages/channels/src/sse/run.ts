// A run of events on its way to the wire: one chunk, made once for all its readers, past each response into its socket.
//
// 1. A response of node:http writes a chunk in four pieces (length, break, bytes, break), anew for every reader. Put together
//    beforehand they are one write, which takes a reader half the time in this process.
// 2. Only a response of Node's own whose turn it is, and which sends in chunks, is passed by. Whatever was put between
//    (compression, HTTP/2, a simulated request) keeps its say.
// 3. A response keeps no queue beside that of its socket: the order holds, whichever of them is written to.
import { ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface Run {
  readonly bytes: Buffer;
  /** The same as a chunk of HTTP/1.1. */
  readonly chunk: Buffer;
}

export function toRun(text: string): Run {
  const sizeBytes = Buffer.byteLength(text);
  const head = `${sizeBytes.toString(16)}\r\n`;
  const chunk = Buffer.from(`${head}${text}\r\n`);
  return { chunk, bytes: chunk.subarray(head.length, head.length + sizeBytes) };
}

/**
 * The system is called when this turn's promises are settled, as a response of node:http does it: whoever waits for the commit of
 * an event does not wait for all its readers, and runs of one moment go out together.
 *
 * @returns what has taken the run, and whether it has room for more; if not, it will emit `drain`.
 */
export function writeRun(response: ServerResponse, run: Run): { taker: Socket | ServerResponse; hasRoom: boolean } {
  const { socket } = response;
  const isOwn = response.chunkedEncoding && response.write === OWN_WRITE;
  if (!socket?.writable || !isOwn) return { taker: response, hasRoom: response.write(run.bytes) };
  if (socket.writableCorked === 0) {
    socket.cork();
    process.nextTick(uncork, socket);
  }
  return { taker: socket, hasRoom: socket.write(run.chunk) };
}

const OWN_WRITE = ServerResponse.prototype.write;

function uncork(socket: Socket): void {
  socket.uncork();
}
