// One WebSocket connection under its dialect: who it belongs to, what waits in it, when and why it ends.
//
// 1. Messages are handed in one after the other. While the dialect works one off that must be done before the next, or
//    while the reader does not read its answers, nothing more is read from the socket.
// 2. It ends once, whatever comes first: the other side, a fault, the credential, a reader that does not read, the drain.
import { AppError, type Logger } from "@meanwhile/core";
import type { RawData, WebSocket } from "ws";
import type { OwnerCounts } from "../owner-counts.js";
import { CLOSE_CODES, type CloseCode, closeReason } from "./close-codes.js";
import type { Connection, Dialect, SocketAccess } from "./dialect.js";
import { createOutbox } from "./outbox.js";
import type { SocketParts } from "./parts.js";
import type { Swept } from "./sweep.js";

/** As the channel holds it. */
export interface OpenConnection extends Swept {
  /** Answers what it has received, then closes with 1001. */
  retire(): void;
  /** Ends it without a word. */
  terminate(): void;
}

export interface ConnectionContext {
  readonly id: string;
  readonly parts: Pick<SocketParts, "clock" | "logger" | "watchCredential">;
  readonly owners: OwnerCounts;
  /** Who the handshake found; `undefined` where the first message has to say it. */
  readonly access: SocketAccess | undefined;
  speak(connection: Connection): Dialect;
  onClosed(): void;
}

/** Long for any program, short for an open door. */
export const FIRST_MESSAGE_WITHIN_MS = 10_000;

/** @throws AppError `rate_limited` where the owner has too many connections. */
export function openConnection(socket: WebSocket, context: ConnectionContext): OpenConnection {
  const { parts, owners, id } = context;
  const outbox = createOutbox(socket, parts.clock);
  const holder = createHolder({ owners, watch: parts.watchCredential, onEnd: credentialEnded });
  let ended = false;
  let retiring = false;
  let unansweredPings = 0;
  let cancelFirstMessage = parts.clock.after(FIRST_MESSAGE_WITHIN_MS, firstMessageMissing);

  const close = (code: CloseCode, reason: string) => {
    if (ended) return;
    ended = true;
    cancelFirstMessage();
    holder.leave();
    dialect.closed();
    outbox.end();
    socket.close(code, closeReason(reason));
    // Its close frame waits behind all else; a reader that reads again still gets it.
    socket.resume();
  };

  const connection: Connection = {
    id,
    get access() {
      return holder.access;
    },
    signIn: (access) => holder.enter(access),
    begun() {
      cancelFirstMessage();
      cancelFirstMessage = () => {};
    },
    send(text) {
      if (ended || socket.readyState !== socket.OPEN) return;
      if (!outbox.send(text)) behind();
    },
    outbox,
    fail(error, code) {
      if (ended) return;
      dialect.tell(error);
      close(code, error.message);
    },
    close,
  };
  if (context.access !== undefined) connection.signIn(context.access);
  const dialect = context.speak(connection);
  const inbox = createInbox(socket, {
    receive(data, isBinary) {
      if (ended || retiring) return undefined;
      return dialect.receive(data, isBinary) ?? (outbox.isOpen() ? undefined : outbox.opened());
    },
  });

  function firstMessageMissing(): void {
    const message = `Nobody said within ${FIRST_MESSAGE_WITHIN_MS / 1_000} s who is calling.`;
    connection.fail(new AppError("unauthenticated", { message }), CLOSE_CODES.unauthenticated);
  }

  function credentialEnded(): void {
    const message = "The credential has expired or was revoked. Connect with a new one, and resume where you were.";
    connection.fail(new AppError("unauthenticated", { message }), CLOSE_CODES.unauthenticated);
  }

  function behind(): void {
    parts.logger.info({ connectionId: id, waitingBytes: outbox.waitingBytes }, "a reader that did not read was cut");
    close(CLOSE_CODES.tooMuch, "Too far behind. Connect again, and resume after the last event that you have.");
  }

  listen(socket, {
    id,
    logger: parts.logger,
    alive: () => {
      unansweredPings = 0;
    },
    message: inbox.take,
  });
  socket.once("close", () => {
    close(CLOSE_CODES.normal, "");
    context.onClosed();
  });

  return {
    ping() {
      if (ended) return;
      // Nothing is read from a socket that is paused, so that its answer may well be there.
      if (unansweredPings === MOST_UNANSWERED_PINGS && !socket.isPaused) {
        return outbox.waitingBytes > 0 ? behind() : socket.terminate();
      }
      if (!socket.isPaused) unansweredPings++;
      socket.ping();
    },
    lookAfter: createPatience({ stoodStill: () => !ended && outbox.stoodStill(), behind }),
    retire() {
      if (retiring) return;
      retiring = true;
      void dialect.idle().then(() => close(CLOSE_CODES.goingAway, "The server is going away. Connect again."));
    },
    terminate: () => socket.terminate(),
  };
}

interface Listeners {
  id: string;
  logger: Logger;
  alive(): void;
  message(data: Buffer, isBinary: boolean): void;
}

function listen(socket: WebSocket, { id, logger, alive, message }: Listeners): void {
  socket.on("message", (data: RawData, isBinary: boolean) => {
    alive();
    // One buffer, as `binaryType` says by default.
    message(data as Buffer, isBinary);
  });
  socket.on("pong", alive);
  // What is no WebSocket frame: ws answers with 1002, 1007 or 1009 by itself.
  socket.on("error", (error) => logger.debug({ err: error, connectionId: id }, "a connection ended with a fault"));
}

interface Holder {
  readonly access: SocketAccess | undefined;
  enter(access: SocketAccess): void;
  leave(): void;
}

interface HolderOptions {
  owners: OwnerCounts;
  watch: SocketParts["watchCredential"];
  onEnd(): void;
}

/** Who the connection belongs to: counted with the owner, and watched for the end of the credential. */
function createHolder({ owners, watch, onEnd }: HolderOptions): Holder {
  let access: SocketAccess | undefined;
  let unwatch = () => {};
  return {
    get access() {
      return access;
    },
    enter(next) {
      const { owner } = next.principal;
      if (access === undefined) {
        owners.requireRoom(owner);
        owners.enter(owner);
      } else if (access.principal.owner !== owner) throw otherOwner();
      access = next;
      unwatch();
      unwatch = watch(next.principal, onEnd);
    },
    leave() {
      unwatch();
      if (access !== undefined) owners.leave(access.principal.owner);
    },
  };
}

interface Inbox {
  take(data: Buffer, isBinary: boolean): void;
}

interface InboxOptions {
  receive(data: Buffer, isBinary: boolean): Promise<void> | undefined;
}

/** Hands messages on one by one. What waits is what the last read brought: the socket is paused meanwhile. */
function createInbox(socket: WebSocket, { receive }: InboxOptions): Inbox {
  const waiting: [Buffer, boolean][] = [];
  let busy = false;

  const handOn = () => {
    while (!busy) {
      const next = waiting.shift();
      if (next === undefined) break;
      const pending = receive(...next);
      if (pending === undefined) continue;
      busy = true;
      socket.pause();
      void pending.then(() => {
        busy = false;
        handOn();
      });
    }
    if (!busy && socket.isPaused) socket.resume();
  };

  return {
    take(data, isBinary) {
      waiting.push([data, isBinary]);
      if (!busy) handOn();
    },
  };
}

/** On a slow line an answer may have to wait behind all that the kernel has taken. */
const MOST_UNANSWERED_PINGS = 2;

/** So many looks in a row without a byte taken: twenty seconds. */
const MOST_STILL_LOOKS = 4;

function createPatience({ stoodStill, behind }: { stoodStill(): boolean; behind(): void }): () => void {
  let looks = 0;
  return () => {
    looks = stoodStill() ? looks + 1 : 0;
    if (looks === MOST_STILL_LOOKS) behind();
  };
}

function otherOwner(): AppError {
  return new AppError("forbidden", {
    message: "The connection belongs to another owner. Open a connection of its own for these credentials.",
  });
}
