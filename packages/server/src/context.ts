// What every route is given: the engine and its neighbours, and the state of this server.
import type { ApiKeyStore, Catalog, Clock, Engine, Files, IdSource, Logger, Store } from "@meanwhile/core";
import type { LoggerOptions } from "pino";
import type { Authenticator } from "./auth/authenticator.js";
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
  readonly clock: Clock;
  readonly ids: IdSource;
  /** A logger, or what pino is to make one of. Default: silence. */
  readonly logger?: Logger | LoggerOptions;
}

export interface ServerContext extends Omit<ServerParts, "apiKeys" | "logger"> {
  readonly logger: Logger;
  readonly options: ResolvedServerOptions;
  readonly authenticator: Authenticator;
  readonly waits: Waits;
  readonly slowBodies: SlowBodies;
  isDraining(): boolean;
}
