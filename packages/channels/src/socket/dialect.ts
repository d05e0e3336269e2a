// What a protocol over WebSocket is to the connection under it, and the connection to the protocol.
import type { AppError, Principal } from "@meanwhile/core";
import type { CloseCode } from "./close-codes.js";
import type { Passage } from "./follows.js";

/** Who is on the other side, and how far that reaches. */
export interface SocketAccess {
  readonly principal: Principal;
  /** With the ticket of one job: the only job that may be named here. */
  readonly jobId?: string;
}

/** One protocol on one connection: JSON messages, or STOMP frames. */
export interface Dialect {
  /** @returns what has to happen before the next message is handed in. Never rejects. */
  receive(data: Buffer, isBinary: boolean): Promise<void> | undefined;
  /** Says why the connection is about to be closed, in the protocol's own words. */
  tell(error: AppError): void;
  /** Resolves once the answers to all that was received are written. */
  idle(): Promise<void>;
  /** The connection is gone: frees everything. */
  closed(): void;
}

/** What a dialect is given of its connection. */
export interface Connection {
  readonly id: string;
  /** `undefined` until somebody has said who they are. */
  readonly access: SocketAccess | undefined;
  /** Open while little of what was written is still to be taken. */
  readonly outbox: Passage;
  /**
   * From now on the connection is theirs; again with a fresh credential of the same owner.
   *
   * @throws AppError `rate_limited` where the owner has too many connections; `forbidden` for another owner than before.
   */
  signIn(access: SocketAccess): void;
  /** The first message was what it has to be: its time limit no longer runs. */
  begun(): void;
  /** Writes one text message; nothing where the connection is closing. */
  send(text: string | Buffer): void;
  /** Tells the reason through the dialect, then closes. */
  fail(error: AppError, code: CloseCode): void;
  close(code: CloseCode, reason: string): void;
}
