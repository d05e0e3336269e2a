// The channel of server-sent events: opens streams on responses of node:http, and ends them all when the server drains.
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type {
  Clock,
  Engine,
  Job,
  LogFilter,
  Logger,
  LogItem,
  LogReader,
  LogSubscription,
  Principal,
  Random,
} from "@meanwhile/core";
import type { JobEvent } from "@meanwhile/protocol";
import { createOwnerCounts } from "../owner-counts.js";
import { comment, jobEventFrame, logItemFrame, positionFrame, retryFrame } from "./frames.js";
import { createHeartbeat } from "./heartbeat.js";
import { toRun } from "./run.js";
import { type OpenStream, SseStream, type StreamParts } from "./stream.js";

export interface SseChannelOptions {
  readonly engine: Pick<Engine, "subscribe" | "subscribeAll">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  /** Put before links: empty for absolute paths, or the address of the server. */
  readonly linkBase: string;
  /** Streams of one owner at once. Default: 10 000. */
  readonly streamsPerOwner?: number;
  /** Calls back once when the credential of the principal has ended. @returns ends the watching. */
  watchCredential(principal: Principal, onEnd: () => void): () => void;
}

export interface StreamRequest {
  readonly principal: Principal;
  /** Of the answer, besides those of the stream itself. */
  readonly headers?: OutgoingHttpHeaders;
}

export interface SseChannel {
  /** @throws AppError `rate_limited` where the owner has as many streams as one may have. To be asked before `follow…`. */
  requireRoom(principal: Principal): void;
  /**
   * Answers with the events of a job behind `after`, and ends after the terminal one. The response is the channel's from now on.
   *
   * @param job As the principal was just allowed to read it.
   */
  followJob(response: ServerResponse, options: StreamRequest & { job: Job; after: number }): void;
  /**
   * Answers with the events of all jobs that the principal may see. Rejects before anything is answered.
   *
   * @param after As for `engine.subscribeAll`.
   * @throws AppError `invalid_request` where the position cannot be read.
   */
  followAll(response: ServerResponse, options: StreamRequest & LogFilter & { after?: string }): Promise<void>;
  /**
   * Answers with a stream that only says when to come back. To readers of this kind any status but 200 is the end for good:
   * they would never ask again after a 503.
   */
  postpone(response: ServerResponse, options: Omit<StreamRequest, "principal">): void;
  /** Ends every stream, telling each when to come back; those that come later are ended at once. */
  drain(): void;
  /** What is open now: how many streams, and the most bytes that wait for one of their readers. */
  readonly load: { readonly streams: number; readonly mostQueuedBytes: number };
}

/** Proxies give up on silent connections after a minute or so. */
const HEARTBEAT_MS = 15_000;
/** How long a reader waits that has lost its connection. */
const RETRY_MS = 2_000;
/** A process that goes away sends all its readers at once to the others: they come spread over this time. */
const SPREAD_MS = 4_000;

const TOO_MANY =
  "open streams of this owner already. Close one of them, or follow all jobs by the one stream /api/v2/events.";

const STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  // Proxies of the nginx family hold answers back until a buffer is full, unless they are told.
  "x-accel-buffering": "no",
  // A stream has its connection for itself: kept alive behind its end, it would tie readers to a process that goes away.
  connection: "close",
};

export function createSseChannel(options: SseChannelOptions): SseChannel {
  const { engine, clock, logger, random, linkBase } = options;
  const heartbeat = createHeartbeat({ clock, everyMs: HEARTBEAT_MS });
  const streams = new Set<OpenStream>();
  const textOfEvent = (event: JobEvent) => jobEventFrame(event, linkBase);
  // Followers at the same place are handed the same run: it becomes bytes once, however many they are.
  const runOfEvents = remember((events: readonly JobEvent[]) => toRun(events.map(textOfEvent).join("")));
  const counts = createOwnerCounts({ most: options.streamsPerOwner ?? 10_000, advice: TOO_MANY });
  // Followers of the whole log see different parts of it, each event being the same object to all.
  const textOfItem = remember((item: LogItem) => logItemFrame(item, linkBase));
  const runOfItems = (items: readonly LogItem[]) => toRun(items.map(textOfItem).join(""));
  let isDraining = false;

  const comeBack = () => retryFrame(RETRY_MS + Math.floor(random() * SPREAD_MS));

  const postpone: SseChannel["postpone"] = (response, request) => {
    response.writeHead(200, headersOf(request));
    response.end(comeBack());
  };

  const open = <T>(
    response: ServerResponse,
    request: StreamRequest,
    flow: Pick<StreamParts<T>, "runOf" | "signOfLife">,
  ): SseStream<T> => {
    const { owner } = request.principal;
    response.writeHead(200, headersOf(request));
    counts.enter(owner);
    const stream = new SseStream<T>({
      response,
      ...flow,
      logger,
      onClosed(closed) {
        streams.delete(closed);
        heartbeat.remove(closed);
        counts.leave(owner);
      },
    });
    streams.add(stream);
    heartbeat.add(stream);
    // At once, so that proxies pass the head on and the reader knows that it is heard.
    stream.write(comment("meanwhile") + retryFrame(RETRY_MS));
    return stream;
  };

  const endWithCredential = (stream: OpenStream, principal: Principal) =>
    options.watchCredential(principal, () => stream.end(comment("the credential has ended")));

  return {
    requireRoom: ({ owner }) => counts.requireRoom(owner),
    postpone,
    followJob(response, { job, after, ...request }) {
      if (response.req.method === "HEAD") return void response.writeHead(200, headersOf(request)).end();
      if (isDraining) return postpone(response, request);
      // Gone while its job was looked up: it would never be closed again, and count for ever.
      if (response.destroyed) return;
      const stream = open(response, request, { runOf: runOfEvents });
      const subscription = engine.subscribe(job, { after, reader: stream });
      stream.begin(subscription, endWithCredential(stream, request.principal));
    },
    async followAll(response, { headers, ...wanted }) {
      const { principal } = wanted;
      const request = { principal, ...(headers === undefined ? {} : { headers }) };
      if (response.req.method === "HEAD") return void response.writeHead(200, headersOf(request)).end();
      if (isDraining) return postpone(response, request);
      let stream: SseStream<LogItem> | undefined;
      const reader: LogReader = {
        onEvents: (items) => stream?.onEvents(items),
        onEnd: () => stream?.onEnd(),
        onError: (error) => stream?.onError(error),
      };
      const subscription = await engine.subscribeAll({ ...wanted, reader });
      if (response.destroyed) return subscription.close();
      const signOfLife = positionOrComment(subscription);
      stream = open(response, request, { runOf: runOfItems, signOfLife });
      // Where it begins: who loses the connection before the first event comes back behind this, not at another "now".
      stream.write(signOfLife());
      stream.begin(subscription, endWithCredential(stream, principal));
    },
    drain() {
      isDraining = true;
      for (const stream of streams) stream.end(comeBack());
    },
    get load() {
      let mostQueuedBytes = 0;
      for (const { queuedBytes } of streams) mostQueuedBytes = Math.max(mostQueuedBytes, queuedBytes);
      return { streams: streams.size, mostQueuedBytes };
    },
  };
}

/** Makes something of an object once, and keeps it for as long as the object itself is kept. */
function remember<Item extends object, Made>(make: (item: Item) => Made): (item: Item) => Made {
  const known = new WeakMap<Item, Made>();
  return (item) => {
    let made = known.get(item);
    if (made === undefined) {
      made = make(item);
      known.set(item, made);
    }
    return made;
  };
}

/** In place of a comment, how far the log has been passed over: who comes back need not have it read once more. */
function positionOrComment(subscription: LogSubscription): () => string {
  let told: string | null = null;
  return () => {
    const { cursor } = subscription;
    if (cursor === null || cursor === told) return comment("still here");
    told = cursor;
    return positionFrame(cursor);
  };
}

function headersOf({ headers }: Pick<StreamRequest, "headers">): OutgoingHttpHeaders {
  return { ...headers, ...STREAM_HEADERS };
}
