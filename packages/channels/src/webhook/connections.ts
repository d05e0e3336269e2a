// The connections to receivers: kept for the next sending, bounded for each receiver, all of them guarded.
import { Agent, type Dispatcher } from "undici";
import { createGuardedConnect, type GuardedConnectOptions } from "./guard/guarded-connect.js";
import { unlessAborted } from "./unless-aborted.js";

export interface Connections {
  /**
   * Posts once and resolves with the head of the answer; the body is still to be read. Redirects are answers like others.
   *
   * @throws the signal's reason as soon as it aborts; what undici or the guard throws.
   */
  post(url: URL, message: Message): Promise<Dispatcher.ResponseData>;
  /** Ends every connection now, also those that are not there yet. */
  close(): Promise<void>;
}

export interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface ConnectionsOptions extends GuardedConnectOptions {
  /** To one receiver at once; more wait their turn. */
  readonly perReceiver: number;
}

/** A receiver may ask for more than undici's usual 4 s, up to this. */
const LONGEST_IDLE_MS = 30_000;

export function createConnections(options: ConnectionsOptions): Connections {
  const { connect, abandon } = createGuardedConnect(options);
  const agent = new Agent({
    connect,
    connections: options.perReceiver,
    pipelining: 1,
    keepAliveMaxTimeout: LONGEST_IDLE_MS,
    // The one limit for everything is the caller's signal.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const underWay = new Map<string, number>();

  return {
    async post(url, { headers, body, signal }) {
      const { origin } = url;
      count(underWay, origin, 1);
      try {
        const answering = agent.request({
          origin,
          path: url.pathname + url.search,
          method: "POST",
          headers,
          body,
          signal,
        });
        return await unlessAborted(answering, signal, ({ body: late }) => void late.on("error", () => {}).destroy());
      } finally {
        count(underWay, origin, -1);
        // undici would go on connecting for nobody: a request that has no connection yet does not hear its signal.
        if (signal.aborted && !underWay.has(origin)) abandon(origin);
      }
    },
    async close() {
      abandon();
      await agent.destroy();
    },
  };
}

function count(counts: Map<string, number>, key: string, by: number): void {
  const now = (counts.get(key) ?? 0) + by;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}
