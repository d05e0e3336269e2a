// The other side of a webhook: an HTTP server on loopback that answers as a test tells it, and remembers what came.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer = (response: ServerResponse, received: Received, socket: Socket) => void;

export interface Receiver {
  /** For instance `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly port: number;
  /** Oldest first. */
  readonly received: readonly Received[];
  /** Connections that were ever made. */
  readonly connectionCount: number;
  readonly openConnections: number;
  /** From now on. */
  answer(answer: Answer): void;
  close(): Promise<void>;
}

export const ok: Answer = (response) => void response.end("ok");

export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end();

export interface ReceiverOptions {
  readonly host?: string;
  /** Default: any that is free. */
  readonly port?: number;
  readonly answer?: Answer;
}

export async function startReceiver({
  host = "127.0.0.1",
  port = 0,
  answer = ok,
}: ReceiverOptions = {}): Promise<Receiver> {
  const received: Received[] = [];
  const open = new Set<Socket>();
  let connectionCount = 0;
  let current = answer;
  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => {
        const each = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
        received.push(each);
        current(response, each, request.socket);
      },
      // The sender left before its body was here: what some tests are about.
      () => {},
    );
  });
  server.on("connection", (socket) => {
    connectionCount++;
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, resolve);
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  const at = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${at.port}`,
    port: at.port,
    received,
    get connectionCount() {
      return connectionCount;
    },
    get openConnections() {
      return open.size;
    },
    answer: (next) => {
      current = next;
    },
    close,
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
