// The options of `createClient`: declared once, resolved once.
import type { TransportName } from "./follow/transport.js";
import type { WebSocketConstructor } from "./follow/websocket-types.js";
import { LONGEST_TIMER_MS } from "./http/waiting.js";

export interface ClientOptions {
  /** Where the server is, for instance `https://api.example.com`; a path in front of `/api` is kept. Default: the page's own origin, in a browser. */
  baseUrl?: string | URL;
  /**
   * The API key or JSON Web Token. A function is asked before each request, and once more, with `refused: true`, when
   * the server answers 401. Default: none.
   */
  token?: string | TokenSource;
  /** Replaces the global `fetch`, for instance one with a proxy or a test's. Default: the global one. */
  fetch?: FetchFunction;
  /** Where following a job begins. What does not work here is left for the next in the line `websocket`, `sse`, `long-polling`, `polling`. Default: `auto`, which is `sse`. */
  transport?: "auto" | TransportName;
  /** For `transport: "websocket"` where there is no global one (Node 20): the class of `ws`. Default: the global `WebSocket`. */
  webSocket?: WebSocketConstructor;
  /** Headers sent with every request. Default: none. */
  headers?: Readonly<Record<string, string>>;
  /** How requests are repeated; `false` for never. */
  retry?: RetryOptions | false;
  /** Longest time to wait for the answer to a request, in milliseconds, on top of a wait that it asks for. Default: 30 000. */
  requestTimeoutMs?: number;
  follow?: FollowTimes;
  /** Told of repeated requests and of changes of transport, for logs. Default: nobody. */
  onNotice?: (notice: Notice) => void;
}

export type TokenSource = (request: { refused: boolean }) => string | Promise<string>;

/** As much of `fetch` as is used. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

export interface RetryOptions {
  /** Sendings of one request, the first included. Default: 5. */
  maxAttempts?: number;
  /** Upper end of the first wait; it doubles from then on, and the wait is drawn below it (full jitter). Default: 300. */
  initialDelayMs?: number;
  /** Default: 10 000. */
  maxDelayMs?: number;
  /** After this time no repetition begins, in milliseconds. Default: 60 000. */
  maxElapsedMs?: number;
}

export interface FollowTimes {
  /** A stream that says nothing within this time of its opening is held back by something in between, in milliseconds. Default: 5 000. */
  openWithinMs?: number;
  /** A stream that is silent for so long is dead; servers give a sign of life every 15 s. In milliseconds. Default: 40 000. */
  silenceMs?: number;
  /** How long one long poll waits, in milliseconds: less than proxies allow. At most 60 000. Default: 25 000. */
  longPollMs?: number;
  /** Wait between two polls where the server does not say, in milliseconds. Default: 1 000. */
  pollEveryMs?: number;
  /** When a better transport is tried again, in milliseconds; doubles each time up to ten times. Default: 60 000. */
  stepUpAfterMs?: number;
  /** A server that stays away for so long is given up, in milliseconds. Default: 120 000. */
  giveUpAfterMs?: number;
}

/** What happened that nobody has to act upon. */
export type Notice =
  | {
      readonly kind: "retry";
      readonly url: string;
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: Error;
    }
  | { readonly kind: "transport"; readonly from: TransportName; readonly to: TransportName; readonly reason: string }
  | { readonly kind: "away"; readonly jobId: string; readonly error: Error };

export interface ResolvedOptions {
  /** Ends in a slash. */
  readonly baseUrl: string;
  readonly token: TokenSource | undefined;
  readonly fetch: FetchFunction;
  readonly transport: TransportName;
  readonly webSocket: WebSocketConstructor | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly retry: Readonly<Required<RetryOptions>>;
  /** Waits between two connections of one follow, which goes on also where requests are not repeated. */
  readonly reconnect: { readonly initialDelayMs: number; readonly maxDelayMs: number };
  readonly requestTimeoutMs: number;
  readonly follow: Readonly<Required<FollowTimes>>;
  readonly notify: (notice: Notice) => void;
}

const NO_RETRY: Required<RetryOptions> = { maxAttempts: 1, initialDelayMs: 0, maxDelayMs: 0, maxElapsedMs: 0 };
const TRANSPORTS = ["auto", "websocket", "sse", "long-polling", "polling"];

/** @throws TypeError naming the option, what came and what would do. */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  const { token, transport = "auto", retry = {}, follow = {} } = options;
  if (!TRANSPORTS.includes(transport)) {
    throw new TypeError(`transport must be one of ${TRANSPORTS.join(", ")}; got ${JSON.stringify(transport)}.`);
  }
  return {
    baseUrl: requireBaseUrl(options.baseUrl ?? ownOrigin()),
    token: typeof token === "string" ? () => token : token,
    // Looked up at each call: whoever replaces the global one later is heard, and browsers insist on its `this`.
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    transport: transport === "auto" ? "sse" : transport,
    webSocket: options.webSocket,
    headers: options.headers ?? {},
    retry: retry === false ? NO_RETRY : resolveRetry(retry),
    reconnect: reconnectOf(resolveRetry(retry === false ? {} : retry)),
    requestTimeoutMs: atLeast("requestTimeoutMs", options.requestTimeoutMs ?? 30_000, 1),
    follow: resolveFollow(follow),
    notify: options.onNotice ?? (() => {}),
  };
}

/** A stream is wanted back sooner than a request is given up. */
const LONGEST_RECONNECT_MS = 5_000;

function reconnectOf({ initialDelayMs, maxDelayMs }: Required<RetryOptions>) {
  return { initialDelayMs, maxDelayMs: Math.min(LONGEST_RECONNECT_MS, maxDelayMs) };
}

function resolveRetry(retry: RetryOptions): Required<RetryOptions> {
  return {
    maxAttempts: atLeast("retry.maxAttempts", retry.maxAttempts ?? 5, 1),
    initialDelayMs: atLeast("retry.initialDelayMs", retry.initialDelayMs ?? 300, 0),
    maxDelayMs: atLeast("retry.maxDelayMs", retry.maxDelayMs ?? 10_000, 0),
    maxElapsedMs: atLeast("retry.maxElapsedMs", retry.maxElapsedMs ?? 60_000, 0),
  };
}

function resolveFollow(follow: FollowTimes): Required<FollowTimes> {
  return {
    openWithinMs: Math.min(LONGEST_TIMER_MS, atLeast("follow.openWithinMs", follow.openWithinMs ?? 5_000, 1)),
    silenceMs: Math.min(LONGEST_TIMER_MS, atLeast("follow.silenceMs", follow.silenceMs ?? 40_000, 1)),
    longPollMs: Math.min(60_000, atLeast("follow.longPollMs", follow.longPollMs ?? 25_000, 1_000)),
    pollEveryMs: atLeast("follow.pollEveryMs", follow.pollEveryMs ?? 1_000, 1),
    stepUpAfterMs: atLeast("follow.stepUpAfterMs", follow.stepUpAfterMs ?? 60_000, 1),
    giveUpAfterMs: atLeast("follow.giveUpAfterMs", follow.giveUpAfterMs ?? 120_000, 0),
  };
}

function atLeast(option: string, value: number, min: number): number {
  if (typeof value === "number" && value >= min) return value;
  throw new TypeError(`${option} must be a number, at least ${min}; got ${JSON.stringify(value)}.`);
}

function ownOrigin(): string {
  const { location } = globalThis as { location?: { origin?: string } };
  return location?.origin ?? "";
}

function requireBaseUrl(value: string | URL): string {
  const text = String(value);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") {
    throw new TypeError(`baseUrl must be an address such as "https://api.example.com"; got ${JSON.stringify(text)}.`);
  }
  return url.href.endsWith("/") ? url.href : `${url.href}/`;
}
