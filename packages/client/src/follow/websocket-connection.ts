// One WebSocket to the server, and the jobs that are followed over it: at most one follow per job.
import type { JobEvent, Problem } from "@meanwhile/protocol";
import { ProblemError } from "../errors.js";
import { toProblemError } from "../http/problem-of.js";
import { isEvent } from "./event-of.js";
import { type FaultKind, TransportFault } from "./transport.js";
import type { WebSocketLike } from "./websocket-types.js";

/** What a follow is told, in order; nothing comes after `failed` or `ended`. */
export interface Sink {
  event(event: JobEvent): void;
  ended(): void;
  failed(error: Error): void;
}

/** As much as is understood of what the server says. */
interface ServerMessage {
  readonly op?: unknown;
  readonly jobId?: string;
  readonly ref?: unknown;
  readonly event?: unknown;
  readonly problem?: Problem;
}

export interface ConnectionTimes {
  readonly openWithinMs: number;
  readonly silenceMs: number;
}

const OPEN = 1;
/** A question that changes nothing and is always answered: page scripts do not see the pings of the protocol itself. */
const PROBE = JSON.stringify({ op: "unfollow", ref: "probe", jobId: "none" });

export class WebSocketConnection {
  readonly #socket: WebSocketLike;
  readonly #times: ConnectionTimes;
  readonly #sinks = new Map<string, { sink: Sink; after: number }>();
  readonly #gone: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isReady = false;
  #isOver = false;

  /** @param token Sent as the first message; `undefined` where no credentials are needed. */
  constructor(
    socket: WebSocketLike,
    { token, times, gone }: { token: string | undefined; times: ConnectionTimes; gone: () => void },
  ) {
    this.#socket = socket;
    this.#times = times;
    this.#gone = gone;
    this.#timer = setTimeout(() => this.#fail("silent", "the WebSocket does not open"), times.openWithinMs);
    socket.onopen = () => {
      if (token === undefined) this.#ready();
      else socket.send(JSON.stringify({ op: "auth", token }));
    };
    socket.onmessage = ({ data }: { data: unknown }) => this.#take(String(data));
    socket.onclose = ({ code }: { code: number }) => this.#closed(code);
    // A close always follows, and says as much.
    socket.onerror = () => {};
  }

  hasRoomFor(jobId: string): boolean {
    return !this.#isOver && !this.#sinks.has(jobId);
  }

  follow(jobId: string, after: number, sink: Sink): void {
    this.#sinks.set(jobId, { sink, after });
    if (this.#isReady) this.#ask(jobId, after);
  }

  /** Closes the connection with the last follow. */
  unfollow(jobId: string, sink: Sink): void {
    if (this.#sinks.get(jobId)?.sink !== sink) return;
    this.#sinks.delete(jobId);
    if (this.#sinks.size === 0) this.#end(() => {});
    else if (this.#isReady) this.#socket.send(JSON.stringify({ op: "unfollow", jobId }));
  }

  #ask(jobId: string, after: number): void {
    this.#socket.send(JSON.stringify({ op: "follow", ref: jobId, jobId, after }));
  }

  #ready(): void {
    this.#isReady = true;
    this.#heard();
    // Whoever it was made for has left by now.
    if (this.#sinks.size === 0) this.#end(() => {});
    for (const [jobId, { after }] of this.#sinks) this.#ask(jobId, after);
  }

  #take(text: string): void {
    let message: ServerMessage;
    try {
      message = JSON.parse(text) as ServerMessage;
    } catch {
      this.#fail("cut", "the server said something that is not JSON");
      return;
    }
    this.#heard();
    if (message.op === "ready" && !this.#isReady) this.#ready();
    else if (message.op === "event" && isEvent(message.event)) {
      this.#sinks.get(message.jobId ?? "")?.sink.event(message.event);
    } else if (message.op === "end") this.#release(message.jobId, (sink) => sink.ended());
    else if (message.op === "error") this.#refused(message);
  }

  #refused({ ref, jobId, problem }: ServerMessage): void {
    const status = problem?.status ?? 0;
    const error = toProblemError(problem, { status, url: "the WebSocket" });
    const concerned = jobId ?? (typeof ref === "string" ? ref : undefined);
    if (concerned !== undefined && this.#sinks.has(concerned)) this.#release(concerned, (sink) => sink.failed(error));
    // Nobody's in particular: who is not let in cannot follow anything.
    else if (!this.#isReady || status === 401) this.#end((sink) => sink.failed(error));
  }

  #release(jobId: string | undefined, tell: (sink: Sink) => void): void {
    const found = this.#sinks.get(jobId ?? "");
    if (found === undefined || jobId === undefined) return;
    this.#sinks.delete(jobId);
    tell(found.sink);
    if (this.#sinks.size === 0) this.#end(() => {});
  }

  /** A sign of life: half of the allowed silence later it is asked for another. */
  #heard(): void {
    clearTimeout(this.#timer);
    const half = this.#times.silenceMs / 2;
    this.#timer = setTimeout(() => {
      if (this.#socket.readyState === OPEN) this.#socket.send(PROBE);
      this.#timer = setTimeout(() => this.#fail("cut", "the WebSocket fell silent"), half);
    }, half);
  }

  #closed(code: number): void {
    if (this.#isReady) this.#fail("cut", `the WebSocket was closed (${code})`);
    else this.#fail("unsupported", `the WebSocket was refused (${code})`);
  }

  #fail(kind: FaultKind, reason: string): void {
    this.#end((sink) => sink.failed(new TransportFault(kind, reason)));
  }

  #end(tell: (sink: Sink) => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#gone();
    const sinks = [...this.#sinks.values()];
    this.#sinks.clear();
    for (const { sink } of sinks) tell(sink);
    this.#socket.close(1000);
  }
}

/** Whether the credentials were refused. */
export function isUnauthenticated(error: unknown): boolean {
  return error instanceof ProblemError && error.code === "unauthenticated";
}
