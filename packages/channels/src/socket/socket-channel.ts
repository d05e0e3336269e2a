// The WebSocket channel: from an HTTP upgrade to a connection that speaks JSON or STOMP.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { AppError } from "@meanwhile/core";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import { createOwnerCounts } from "../owner-counts.js";
import { createStompSession } from "../stomp/session.js";
import { createJsonDialect } from "../websocket/json-dialect.js";
import { CLOSE_CODES } from "./close-codes.js";
import { type OpenConnection, openConnection } from "./connection.js";
import type { Connection, Dialect, SocketAccess } from "./dialect.js";
import { createFollows } from "./follows.js";
import { admitCaller, chooseProtocol, STOMP_PROTOCOLS } from "./handshake.js";
import { type ResolvedSocketOptions, resolveSocketOptions, type SocketOptions, type SocketParts } from "./parts.js";
import { refuseHandshake } from "./refusal.js";
import { createSweep } from "./sweep.js";

export interface SocketChannel {
  /** Takes over the socket of an HTTP upgrade: to a connection, or to a refusal with a problem document. Never throws. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  readonly connections: number;
  /** Answers what was received, then closes every connection with 1001; those that still come are refused. */
  drain(): void;
  /** Drains, and resolves when every connection is gone; those that do not close in time are cut. */
  close(): Promise<void>;
}

/** One whole message, by the contract. */
const MESSAGE_BYTES = 1024 * 1024;

/** How long the other side may take to answer a close frame, and to read what is before it, in milliseconds. */
const CLOSE_WITHIN_MS = 10_000;

// The second is not in the types of ws yet.
const WEB_SOCKET_OPTIONS: ServerOptions & { closeTimeout: number } = {
  noServer: true,
  clientTracking: false,
  // Compressing costs memory for every connection, and events are small.
  perMessageDeflate: false,
  maxPayload: MESSAGE_BYTES,
  closeTimeout: CLOSE_WITHIN_MS,
  // Without it ws would agree to whatever comes first.
  handleProtocols: chooseProtocol,
};

const TOO_MANY = "WebSocket connections of this owner already. One connection can follow many jobs.";

/** How long a server that closes waits for them. */
const CLOSE_ALL_WITHIN_MS = 3_000;

/** @throws ConfigurationError naming the option that is wrong. */
export function createSocketChannel(parts: SocketParts, socketOptions: SocketOptions = {}): SocketChannel {
  const options = resolveSocketOptions(socketOptions);
  const owners = createOwnerCounts({ most: options.connectionsPerOwner, advice: TOO_MANY });
  const sweep = createSweep(parts.clock);
  const open = new Set<OpenConnection>();
  const gone = new Set<() => void>();
  const server = new WebSocketServer(WEB_SOCKET_OPTIONS);
  let draining = false;

  // The handshake itself is wrong: ws would answer without a problem document.
  server.on("wsClientError", (error, socket, request) => {
    const isMethod = request.method !== "GET";
    refuseHandshake(socket, new AppError("invalid_request", { message: `${error.message}.` }), {
      ...parts,
      ...(isMethod ? { status: 405, headers: { allow: "GET" } } : {}),
    });
  });

  const begin = (socket: WebSocket, request: IncomingMessage, access: SocketAccess | undefined) => {
    if (socket.protocol === "" && request.headers["sec-websocket-protocol"] !== undefined) {
      socket.on("error", () => socket.terminate());
      socket.close(CLOSE_CODES.protocolError, "None of the offered subprotocols is spoken here.");
      return;
    }
    const connection = openConnection(socket, {
      id: parts.ids.uuid(),
      parts,
      owners,
      access,
      speak: (own) => speak(socket.protocol, own, { parts, options }),
      onClosed() {
        open.delete(connection);
        sweep.remove(connection);
        if (open.size === 0) for (const tell of gone) tell();
      },
    });
    open.add(connection);
    sweep.add(connection);
    if (draining) connection.retire();
  };

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    // A caller who goes away meanwhile.
    const ignore = () => socket.destroy();
    socket.on("error", ignore);
    try {
      if (request.headers["sec-websocket-version"] !== "13") return refuseVersion(socket, parts);
      const access = await admitCaller(request, parts);
      if (access !== undefined) owners.requireRoom(access.principal.owner);
      server.handleUpgrade(request, socket, head, (webSocket) => begin(webSocket, request, access));
      socket.off("error", ignore);
    } catch (error) {
      refuseHandshake(socket, error, parts);
    }
  };

  const drain = () => {
    draining = true;
    for (const connection of open) connection.retire();
  };

  return {
    upgrade: (request, socket, head) => void upgrade(request, socket, head),
    get connections() {
      return open.size;
    },
    drain,
    async close() {
      drain();
      if (open.size > 0) {
        const cancel = parts.clock.after(CLOSE_ALL_WITHIN_MS, () => {
          for (const connection of open) connection.terminate();
        });
        await new Promise<void>((resolve) => gone.add(resolve));
        cancel();
      }
      sweep.stop();
    },
  };
}

interface Spoken {
  parts: SocketParts;
  options: ResolvedSocketOptions;
}

function speak(protocol: string, connection: Connection, { parts, options }: Spoken): Dialect {
  const follows = createFollows(connection, { most: options.followsPerConnection });
  return STOMP_PROTOCOLS.has(protocol)
    ? createStompSession(connection, { ...parts, follows })
    : createJsonDialect(connection, { ...parts, follows });
}

function refuseVersion(socket: Duplex, parts: SocketParts): void {
  const error = new AppError("invalid_request", { message: "WebSocket is spoken here in version 13 only." });
  refuseHandshake(socket, error, { ...parts, status: 426, headers: { "sec-websocket-version": "13" } });
}
