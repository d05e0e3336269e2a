// Bytes that are no HTTP request, or come too slowly: answered on the bare socket, since there is no request yet.
import type { Socket } from "node:net";
import type { IdSource } from "@meanwhile/core";
import { answerOn } from "./connections.js";
import { HttpRefusal, toProblemAnswer } from "./problem.js";

export interface ClientErrorOptions {
  readonly ids: IdSource;
  readonly linkBase: string;
  readonly headerBytes: number;
}

/** Node's `clientError`: writes one problem and closes. */
export function answerClientError(error: Error & { code?: string }, socket: Socket, options: ClientErrorOptions): void {
  // A caller who went away, or to whom a part of an answer was written already, can be told nothing.
  if (error.code === "ECONNRESET" || !socket.writable || answerOn(socket)?.headersSent === true) {
    socket.destroy();
    return;
  }
  const requestId = options.ids.uuid();
  const { problem, headers } = toProblemAnswer(refusal(error, options), {
    instance: "/",
    traceId: requestId.replaceAll("-", ""),
    requestId,
    linkBase: options.linkBase,
  });
  const body = JSON.stringify(problem);
  const lines = Object.entries({ ...headers, "x-request-id": requestId }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.end(
    `HTTP/1.1 ${problem.status} ${REASONS[problem.status]}\r\n${lines.join("")}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

function refusal({ code }: { code?: string }, { headerBytes }: ClientErrorOptions): HttpRefusal {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new HttpRefusal(431, `The headers are larger than ${headerBytes} bytes together.`);
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new HttpRefusal(408, "The request did not arrive in time.");
    default:
      return new HttpRefusal(400, "This is not a request that HTTP/1.1 knows.");
  }
}
