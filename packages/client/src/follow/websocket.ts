// The WebSocket transport: every job that a client follows goes over one connection, as long as no job is followed twice.
import type { JobEvent } from "@meanwhile/protocol";
import { ProblemError } from "../errors.js";
import { isWorthRepeating } from "../http/http-client.js";
import type { ResolvedOptions } from "../options.js";
import { type Reading, type Transport, TransportFault } from "./transport.js";
import { isUnauthenticated, type Sink, WebSocketConnection } from "./websocket-connection.js";
import type { WebSocketConstructor } from "./websocket-types.js";

/** Events that wait for a slow reader; with more the follow is left, and begins again behind the last that was read. */
const MOST_WAITING = 1_000;

export function createWebSocketTransport(options: Pick<ResolvedOptions, "webSocket" | "token">): Transport {
  const connections = new Set<WebSocketConnection>();

  /** Those who come while a connection is being made share it. */
  const opening = new Map<boolean, Promise<WebSocketConnection>>();

  const open = async ({ http, times }: Reading, refused: boolean): Promise<WebSocketConnection> => {
    const WebSocket = requireWebSocket(options.webSocket);
    const authorization = await http.authorization(refused);
    const address = `${http.baseUrl.replace(/^http/, "ws")}websocket`;
    const connection: WebSocketConnection = new WebSocketConnection(new WebSocket(address, "meanwhile.v2"), {
      token: authorization?.replace(/^Bearer /, ""),
      times,
      gone: () => connections.delete(connection),
    });
    connections.add(connection);
    return connection;
  };

  /** Follows over the first connection that has room: looked for and taken in one step, so that no two take the same. */
  const join: Join = async (reading, sink, refused) => {
    const { jobId, after, signal } = reading;
    for (let fresh: WebSocketConnection | undefined; ; ) {
      const candidates = refused ? [] : [...connections];
      const free = [...candidates, ...(fresh === undefined ? [] : [fresh])].find((each) => each.hasRoomFor(jobId));
      if (free !== undefined) {
        free.follow(jobId, after, sink);
        return free;
      }
      const coming = opening.get(refused) ?? open(reading, refused).finally(() => opening.delete(refused));
      opening.set(refused, coming);
      fresh = await coming;
      signal.throwIfAborted();
    }
  };

  return async function* (reading) {
    for (let refused = false; ; refused = true) {
      try {
        return yield* readOver(reading, (sink) => join(reading, sink, refused));
      } catch (error) {
        reading.signal.throwIfAborted();
        if (isUnauthenticated(error) && options.token !== undefined && !refused) continue;
        throw toFault(error);
      }
    }
  };
}

type Join = (reading: Reading, sink: Sink, refused: boolean) => Promise<WebSocketConnection>;

async function* readOver(
  reading: Reading,
  follow: (sink: Sink) => Promise<WebSocketConnection>,
): AsyncGenerator<JobEvent, "ended"> {
  const { jobId, signal } = reading;
  const waiting: JobEvent[] = [];
  let end: "ended" | Error | undefined;
  let wake = () => {};
  const finish = (how: "ended" | Error) => {
    end ??= how;
    wake();
  };
  const sink: Sink = {
    event(event) {
      reading.alive();
      waiting.push(event);
      if (waiting.length > MOST_WAITING) finish(new TransportFault("cut", "the reader is far behind"));
      wake();
    },
    ended: () => finish("ended"),
    failed: (error) => finish(error),
  };
  const abort = () => finish(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
  const connection = await follow(sink);
  signal.addEventListener("abort", abort, { once: true });
  try {
    for (;;) {
      signal.throwIfAborted();
      const event = waiting.shift();
      if (event !== undefined) yield event;
      else if (end === "ended") return "ended";
      else if (end !== undefined) throw end;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    signal.removeEventListener("abort", abort);
    connection.unfollow(jobId, sink);
  }
}

function requireWebSocket(given: WebSocketConstructor | undefined): WebSocketConstructor {
  const found = given ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
  if (found !== undefined) return found;
  throw new TransportFault("unsupported", "there is no WebSocket here: pass the class of `ws` as webSocket");
}

function toFault(error: unknown): unknown {
  if (error instanceof ProblemError && isWorthRepeating(error)) {
    return new TransportFault("away", error.message, { retryAfterMs: error.retryAfterMs, cause: error });
  }
  return error;
}
