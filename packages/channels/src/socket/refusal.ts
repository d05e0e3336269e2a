// Refusing a handshake: one HTTP answer with a problem document on the bare socket, which then closes.
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { errorRetryAfterSeconds, type IdSource, type Logger, toProblem, toShownError } from "@meanwhile/core";

export interface RefusalOptions {
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly linkBase: string;
  /** Where HTTP itself says more than the code does. Default: the status of the code. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export function refuseHandshake(socket: Duplex, thrown: unknown, options: RefusalOptions): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = options.ids.uuid();
  const { error, internal } = toShownError(thrown, requestId);
  if (internal !== undefined) options.logger.error({ err: internal, requestId }, "a WebSocket handshake failed");
  const problem = toProblem(error, {
    instance: "/websocket",
    traceId: requestId.replaceAll("-", ""),
    linkBase: options.linkBase,
    ...(options.status === undefined ? {} : { status: options.status }),
  });
  const body = JSON.stringify(problem);
  const retryAfter = errorRetryAfterSeconds(error);
  const headers: Record<string, string> = {
    "content-type": "application/problem+json",
    "content-length": String(Buffer.byteLength(body)),
    "cache-control": "no-store",
    "x-request-id": requestId,
    connection: "close",
    ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
    ...(error.code === "unauthenticated" ? { "www-authenticate": "Bearer" } : {}),
    ...options.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join("")}\r\n${body}`);
}
