// What every route is given: the engine and its neighbours, and the state of this server.

import type { SseChannel } from "@meanwhile/channels";
import type { ApiKeyStore, Catalog, Clock, Engine, Files, IdSource, Logger, Store } from "@meanwhile/core";
import type { LoggerOptions } from "pino";
import type { Authenticator } from "./auth/authenticator.js";
import type { LiveCredentials } from "./auth/live-credentials.js";
import type { TicketSecrets, Tickets } from "./auth/tickets.js";
import type { ResolvedServerOptions } from "./options.js";
import type { SlowBodies } from "./slow-bodies.js";
import type { Waits } from "./waits.js";

/** What the server is made of; it owns none of it and closes none of it. */
export interface ServerParts {
  readonly engine: Engine;
  readonly catalog: Catalog;
  readonly files: Files;
  readonly store: Pick<Store, "check">;
  /** Where keys made with `meanwhile keys create` stand. Default: there are none. */
  readonly apiKeys?: ApiKeyStore;
  /** Where the secret that signs tickets is kept, shared by all processes. Default: tickets hold in this process only. */
  readonly secrets?: TicketSecrets;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** A logger, or what pino is to make one of. Default: silence. */
  readonly logger?: Logger | LoggerOptions;
}

export interface ServerContext extends Omit<ServerParts, "apiKeys" | "secrets" | "logger"> {
  readonly logger: Logger;
  readonly options: ResolvedServerOptions;
  readonly authenticator: Authenticator;
  readonly liveCredentials: LiveCredentials;
  readonly tickets: Tickets;
  readonly waits: Waits;
  readonly sse: SseChannel;
  readonly slowBodies: SlowBodies;
  /** Whether balancers should send nothing more here; what comes all the same is served until it drains. */
  isLeaving(): boolean;
  isDraining(): boolean;
}
