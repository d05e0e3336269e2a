// What becomes of a body that was refused before its end: read past for a while, so that the caller gets to see the
// refusal instead of a broken connection, and cut off where it does not end.
import type { IncomingMessage } from "node:http";
import type { Clock } from "@meanwhile/core";

const MOST_BYTES = 64 * 1024 * 1024;
const LONGEST_MS = 10_000;

/** Whether there is a body that has not been read to its end. */
export function hasUnreadBody(request: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": coding } = request.headers;
  const hasBody = coding !== undefined || (length !== undefined && length !== "0");
  return hasBody && !request.complete && !request.readableEnded && !request.destroyed;
}

export function readPastBody(request: IncomingMessage, clock: Clock): void {
  let seen = 0;
  const cut = () => {
    if (!request.complete) request.destroy();
  };
  const cancelTimer = clock.after(LONGEST_MS, cut);
  request.on("data", (chunk: Buffer) => {
    seen += chunk.length;
    if (seen > MOST_BYTES) cut();
  });
  request.once("close", cancelTimer);
  request.resume();
}
