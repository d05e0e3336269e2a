// Server-sent events over fetch, which can send credentials where EventSource cannot.
import { ConnectionError, ProblemError } from "../errors.js";
import { isWorthRepeating } from "../http/http-client.js";
import { eventOf } from "./event-of.js";
import { SseParser } from "./sse-parser.js";
import { type Reading, type Transport, TransportFault } from "./transport.js";

/** Statuses of servers and proxies that know no event stream. A job that is not there says so with a code of its own. */
const UNSUPPORTED = new Set([404, 405, 406, 415, 501]);

export const readSse: Transport = async function* (reading) {
  const connection = new AbortController();
  const watchdog = new Watchdog(connection, reading.times);
  const pass = () => connection.abort(reading.signal.reason);
  reading.signal.addEventListener("abort", pass, { once: true });
  try {
    reading.signal.throwIfAborted();
    const response = await open(reading, connection.signal);
    watchdog.isAnswered = true;
    if (response.status === 204) return "ended";
    const body = requireStream(response);
    const parser = new SseParser();
    for await (const piece of readText(body, connection.signal)) {
      watchdog.heard();
      reading.alive();
      const frames = parser.push(piece);
      if (parser.retryMs !== undefined) reading.comeBackWithin(parser.retryMs);
      for (const frame of frames) {
        const event = eventOf(frame.data);
        if (event !== undefined) yield event;
      }
    }
    return "again";
  } catch (error) {
    throw reading.signal.aborted ? reading.signal.reason : toFault(error, watchdog);
  } finally {
    watchdog.end();
    reading.signal.removeEventListener("abort", pass);
    connection.abort();
  }
};

/** Ends a connection that says nothing: servers send a comment at once, and every 15 seconds. */
class Watchdog {
  readonly #connection: AbortController;
  readonly #silenceMs: number;
  #timer: ReturnType<typeof setTimeout>;
  bit = false;
  isAnswered = false;
  hasHeard = false;

  constructor(connection: AbortController, { openWithinMs, silenceMs }: { openWithinMs: number; silenceMs: number }) {
    this.#connection = connection;
    this.#silenceMs = silenceMs;
    this.#timer = setTimeout(this.#bite, openWithinMs);
  }

  heard(): void {
    this.hasHeard = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#bite, this.#silenceMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #bite = (): void => {
    this.bit = true;
    this.#connection.abort(new Error("The stream is silent."));
  };
}

function open({ http, jobId, after }: Reading, signal: AbortSignal): Promise<Response> {
  return http.open({
    path: `api/v2/jobs/${encodeURIComponent(jobId)}/events?after=${after}`,
    headers: { accept: "text/event-stream" },
    signal,
    // Who follows repeats, from the cursor that it has by then.
    retry: false,
  });
}

function requireStream(response: Response): ReadableStream<Uint8Array> {
  const type = response.headers.get("content-type") ?? "";
  if (/^text\/event-stream\b/i.test(type) && response.body !== null) return response.body;
  throw new TransportFault("unsupported", `it answers with ${type || "nothing"} instead of an event stream`);
}

async function* readText(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<string> {
  // The parser takes the byte order mark away, and only it.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    if (!signal.aborted) await reader.cancel().catch(() => {}); // A stream that is broken already needs no cancelling.
  }
}

function toFault(error: unknown, { bit, isAnswered, hasHeard }: Watchdog): unknown {
  if (bit) {
    if (hasHeard) return new TransportFault("cut", "the stream fell silent");
    return new TransportFault(isAnswered ? "silent" : "mute", "the stream does not come through");
  }
  if (error instanceof TransportFault) return error;
  if (error instanceof ProblemError) {
    const isThere =
      error.code !== "unexpected_answer" && error.code !== "not_found" && error.code !== "method_not_allowed";
    if (UNSUPPORTED.has(error.status) && !isThere) {
      return new TransportFault("unsupported", `it answers ${error.status}`, { cause: error });
    }
    if (!isWorthRepeating(error) && error.status < 500) return error;
    return new TransportFault("away", error.message, { retryAfterMs: error.retryAfterMs, cause: error });
  }
  if (error instanceof ConnectionError && !hasHeard) return new TransportFault("away", error.message, { cause: error });
  return new TransportFault("cut", "the stream broke", { cause: error });
}
