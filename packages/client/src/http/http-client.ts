// One request and its answer: credentials, a time limit, repetition where that is safe and may help.
import { explainIdempotencyKey } from "@meanwhile/protocol";
import { ConnectionError, ProblemError } from "../errors.js";
import type { ResolvedOptions } from "../options.js";
import { backoffMs } from "./backoff.js";
import { problemOf } from "./problem-of.js";
import { pause, within } from "./waiting.js";

export interface Call {
  readonly method?: "GET" | "POST" | "DELETE";
  /** Behind the base URL, without a slash at its beginning. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. A stream can be sent once only. */
  readonly bytes?: Blob | ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
  /** How long the server is asked to wait before it answers, in milliseconds. Default: 0. */
  readonly waitMs?: number;
  /** `false`: it may take any time (an upload). Default: the request's time limit. */
  readonly limited?: boolean;
  /** Statuses that are an answer and no refusal, beside 2xx. */
  readonly alsoFine?: readonly number[];
  /** `false`: sent once. Default: repeated as the options say. */
  readonly retry?: boolean;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  /** `undefined` for answers without a body. */
  readonly body: T;
}

export interface HttpClient {
  readonly baseUrl: string;
  /**
   * @throws ProblemError, ConnectionError; the signal's reason.
   */
  json<T>(call: Call): Promise<Answer<T>>;
  /** As `json`, with the body still to be read: the caller ends it by the signal. */
  open(call: Call): Promise<Response>;
  /** The credentials as a header has them; `undefined` where there are none. */
  authorization(refused?: boolean): Promise<string | undefined>;
}

/** Answers that another attempt may turn into a better one; 502 and 504 come from whatever stands in front of a restarting server. */
const WORTH_REPEATING = new Set([429, 502, 503, 504]);

export function createHttpClient(options: ResolvedOptions): HttpClient {
  const { baseUrl, requestTimeoutMs } = options;

  const authorization = async (refused = false) => {
    const token = await options.token?.({ refused });
    return token === undefined || token === "" ? undefined : `Bearer ${token}`;
  };

  /** What the network does is a ConnectionError; what the token's source or a wrong header throws is the caller's own. */
  const fetchOnce = async (call: Call, { refused, signal }: { refused: boolean; signal: AbortSignal }) => {
    const credentials = await authorization(refused);
    const init = initOf(call, { credentials, signal, headers: options.headers });
    return guarded(call, signal, () => options.fetch(`${baseUrl}${call.path}`, init));
  };

  const guarded = async <T>({ path }: Call, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ProblemError || signal.aborted) throw error;
      throw new ConnectionError(`${baseUrl}${path}`, { reason: reasonOf(error), cause: error });
    }
  };

  /** One attempt: 401 is answered with fresh credentials once. */
  const attempt = async <T>(call: Call, read: (response: Response) => Promise<T>, signal: AbortSignal): Promise<T> => {
    let response = await fetchOnce(call, { refused: false, signal });
    if (response.status === 401 && options.token !== undefined && isRepeatable(call)) {
      await response.body?.cancel();
      response = await fetchOnce(call, { refused: true, signal });
    }
    if (!response.ok && call.alsoFine?.includes(response.status) !== true) {
      throw await problemOf(response, `${baseUrl}${call.path}`);
    }
    return guarded(call, signal, () => read(response));
  };

  const limitOf = (call: Call) => {
    const ms = requestTimeoutMs + (call.waitMs ?? 0);
    const late = () => new ConnectionError(`${baseUrl}${call.path}`, { reason: `nothing was heard within ${ms} ms.` });
    return { ms: call.limited === false ? undefined : ms, signal: call.signal, late };
  };

  return {
    baseUrl,
    authorization,
    json: <T>(call: Call): Promise<Answer<T>> =>
      repeat(call, options, () =>
        within(limitOf(call), (signal) => attempt(call, (response) => readJson<T>(response, baseUrl), signal)),
      ),
    open: (call) => repeat(call, options, () => openOnce(call, { limit: limitOf(call), attempt })),
  };
}

type Attempt = (call: Call, read: (response: Response) => Promise<Response>, signal: AbortSignal) => Promise<Response>;

/** The time limit holds until the headers are there; the caller's signal for as long as the body is read. */
async function openOnce(
  call: Call,
  { limit, attempt }: { limit: Parameters<typeof within>[0]; attempt: Attempt },
): Promise<Response> {
  const connection = new AbortController();
  const { signal } = call;
  const pass = () => connection.abort(signal?.reason);
  signal?.addEventListener("abort", pass, { once: true });
  const send = () => attempt(call, async (response) => response, connection.signal);
  try {
    return await within(limit, send);
  } catch (error) {
    // Whatever still comes is not for anybody.
    connection.abort(error);
    signal?.removeEventListener("abort", pass);
    throw error;
  }
}

async function repeat<T>(call: Call, { retry, notify, baseUrl }: ResolvedOptions, once: () => Promise<T>): Promise<T> {
  const begunAt = Date.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await once();
    } catch (error) {
      call.signal?.throwIfAborted();
      if (!isWorthRepeating(error) || !isRepeatable(call) || call.retry === false) throw error;
      const retryAfterMs = error instanceof ProblemError ? error.retryAfterMs : undefined;
      const delayMs = backoffMs(attempt, retry, { retryAfterMs });
      const isOver = attempt >= retry.maxAttempts || Date.now() - begunAt + delayMs > retry.maxElapsedMs;
      if (isOver) throw error;
      notify({ kind: "retry", url: `${baseUrl}${call.path}`, attempt, delayMs, error: error as Error });
      await pause(delayMs, call.signal);
    }
  }
}

/** @throws TypeError for a key that no header can carry. */
export function keyHeader(idempotencyKey: string): { "idempotency-key": string } {
  const detail = explainIdempotencyKey(idempotencyKey);
  if (detail === undefined) return { "idempotency-key": idempotencyKey };
  throw new TypeError(`idempotencyKey: ${detail}`);
}

/** A query with what is given; instants as the wire has them. */
export function searchOf(query: object): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, value instanceof Date ? value.toISOString() : String(value));
  }
  return search;
}

export function isWorthRepeating(error: unknown): boolean {
  if (error instanceof ProblemError) return WORTH_REPEATING.has(error.status);
  return error instanceof ConnectionError;
}

function isRepeatable({ bytes }: Call): boolean {
  return !(bytes instanceof ReadableStream);
}

function initOf(
  call: Call,
  { credentials, signal, headers }: { credentials: string | undefined; signal: AbortSignal; headers: object },
): RequestInit {
  const { method = "GET", json, bytes } = call;
  const init = {
    method,
    signal,
    headers: {
      accept: "application/json",
      ...headers,
      ...(credentials === undefined ? {} : { authorization: credentials }),
      ...(json === undefined ? {} : { "content-type": "application/json" }),
      ...call.headers,
    },
    // Followed, a POST would become a GET, or its body go to whoever the answer names. What is read may live elsewhere.
    redirect: method === "GET" ? ("follow" as const) : ("manual" as const),
    // A job changes by itself: what a browser's cache holds is never what was asked for.
    cache: "no-store" as const,
  };
  if (json !== undefined) return { ...init, body: JSON.stringify(json) };
  if (bytes === undefined) return init;
  // A body that is a stream must say that it is sent before the answer is read; the types do not know it everywhere.
  return { ...init, body: bytes, ...(bytes instanceof ReadableStream ? { duplex: "half" } : {}) } as RequestInit;
}

async function readJson<T>(response: Response, baseUrl: string): Promise<Answer<T>> {
  const text = await response.text();
  const { status, headers } = response;
  if (text === "") return { status, headers, body: undefined as T };
  try {
    return { status, headers, body: JSON.parse(text) as T };
  } catch (cause) {
    const message = `${baseUrl} answered ${status} with something that is not JSON: is it a meanwhile server?`;
    throw new ProblemError({ message, status }, { cause });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What fetch itself says is "fetch failed"; the reason stands behind it.
  const { cause } = error;
  const deeper = cause instanceof Error && cause.message !== "" ? cause.message : undefined;
  const code = cause instanceof Error ? (cause as { code?: unknown }).code : undefined;
  return deeper ?? (typeof code === "string" ? code : error.message);
}
