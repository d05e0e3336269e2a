// What the WebSocket channel needs of the house, and its settings.
import type { IncomingMessage } from "node:http";
import { type Clock, type Engine, type IdSource, type Logger, type Principal, requireInteger } from "@meanwhile/core";
import type { SocketAccess } from "./dialect.js";

export interface SocketParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  /** Put before every link: empty for absolute paths, or the address of the server. */
  readonly linkBase: string;
  /**
   * Whether the page or program behind the request may connect at all.
   *
   * @throws AppError `forbidden` for a foreign Origin, and where no credentials are configured for a foreign Host.
   */
  admit(request: IncomingMessage): void | Promise<void>;
  /**
   * @param authorization As in the header; without one, who may call without any.
   * @throws AppError `unauthenticated`.
   */
  authenticate(authorization: string | undefined): Principal | Promise<Principal>;
  /** Who the ticket stands for, and for which job alone, where it is that of one. @throws AppError `unauthenticated`. */
  redeemTicket(ticket: string): Promise<SocketAccess>;
  /** Calls back once when the credential has expired or was revoked. @returns ends the watching. */
  watchCredential(principal: Principal, onEnd: () => void): () => void;
  isDraining(): boolean;
}

export interface SocketOptions {
  /** Connections of one owner at once in this process. Default: 10 000. */
  connectionsPerOwner?: number;
  /** Jobs and topics that one connection follows at once. Default: 1 000. */
  followsPerConnection?: number;
}

export interface ResolvedSocketOptions {
  readonly connectionsPerOwner: number;
  readonly followsPerConnection: number;
}

/** @throws ConfigurationError naming the option. */
export function resolveSocketOptions(options: SocketOptions = {}): ResolvedSocketOptions {
  return {
    connectionsPerOwner: requireInteger("connectionsPerOwner", options.connectionsPerOwner ?? 10_000, { min: 1 }),
    followsPerConnection: requireInteger("followsPerConnection", options.followsPerConnection ?? 1_000, { min: 1 }),
  };
}
