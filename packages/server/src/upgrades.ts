// HTTP upgrades: WebSocket at /websocket is handed to its channel; every other wish to upgrade is passed over.
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

export const WEBSOCKET_PATH = "/websocket";

export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface UpgradeOptions {
  /** Takes over what asks for WebSocket at its path. */
  readonly webSocket: UpgradeListener;
  /** Where requests go that are none of that. */
  readonly server: Server;
}

export function createUpgradeListener({ webSocket, server }: UpgradeOptions): UpgradeListener {
  return (request, socket, head) => {
    if (isWebSocket(request)) webSocket(request, socket, head);
    else serveAsItIs(server, { request, socket, head });
  };
}

function isWebSocket({ url = "", headers }: IncomingMessage): boolean {
  const query = url.indexOf("?");
  const path = query < 0 ? url : url.slice(0, query);
  return path === WEBSOCKET_PATH && headers.upgrade?.toLowerCase() === "websocket";
}

interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

/**
 * A server may ignore a wish to upgrade (RFC 9110, section 7.8), and has to where clients ask by habit: Java's HttpClient
 * begins every plain connection with `Upgrade: h2c`. Node, once anybody listens for upgrades, hands them all over; so the
 * request is put back in front of the socket without its wish, and read again. (Newer versions of Node can be told with
 * `shouldUpgradeCallback`; this can go when the oldest supported one can.)
 */
function serveAsItIs(server: Server, { request, socket, head }: Upgrade): void {
  let text = `${request.method} ${request.url} HTTP/${request.httpVersion}\r\n`;
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]!;
    const value = request.rawHeaders[index + 1]!;
    if (name.toLowerCase() === "upgrade") continue;
    text += `${name}: ${name.toLowerCase() === "connection" ? withoutUpgrade(value) : value}\r\n`;
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, "latin1"), head]));
  server.emit("connection", socket);
}

function withoutUpgrade(connection: string): string {
  const rest = connection
    .split(",")
    .map((option) => option.trim())
    .filter((option) => option.toLowerCase() !== "upgrade");
  return rest.length === 0 ? "keep-alive" : rest.join(", ");
}
