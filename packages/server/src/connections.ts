// The open connections of a server: told to end when it drains, so that no caller holds on to a process that goes away.
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface Connections {
  /** Each closes after the answer that it is in; idle ones stay. */
  closeAfterAnswers(): void;
  /** Closes those that are idle; the others close after the answer that they are in. */
  retire(): void;
  /** Closes those too on which no request has begun. */
  closeUnused(): void;
}

export function trackConnections(server: Server): Connections {
  const sockets = new Set<Socket>();
  const known = new WeakSet<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    // One that is handed back comes again, perhaps for every request on it.
    if (known.has(socket)) return;
    known.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // Handed over, it is no connection of HTTP any more, until it is handed back.
  server.on("upgrade", (_request, socket) => sockets.delete(socket as Socket));
  const closeAfterAnswers = () => {
    for (const socket of sockets) {
      const answer = answerOn(socket);
      if (answer !== undefined) answer.shouldKeepAlive = false;
    }
  };
  return {
    closeAfterAnswers,
    retire() {
      closeAfterAnswers();
      server.closeIdleConnections();
    },
    closeUnused() {
      for (const socket of sockets) if (answerOn(socket) === undefined) socket.destroy();
    },
  };
}

/** Node keeps the answer that is being made on the socket. */
export function answerOn(socket: Socket): ServerResponse | undefined {
  return (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}
