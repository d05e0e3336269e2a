// The commands' view of a server: JSON over HTTP, and every way it can fail as one sentence.
import type { IncomingHttpHeaders } from "node:http";
import { type Client, ConnectionError, createClient, type Notice, ProblemError } from "@meanwhile/client";
import type { Problem } from "@meanwhile/protocol";
import { CliError } from "./cli-error.js";
import type { ExitReason } from "./exit-codes.js";
import { nodeFetch } from "./node-fetch.js";
import { type HttpAnswer, sendRequest } from "./send-request.js";

export interface ApiRequest {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Statuses that are an answer and no error, beside 2xx. */
  readonly alsoFine?: readonly number[];
}

export interface ApiAnswer<T> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Meaningless for statuses without a body (204, 304). */
  readonly body: T;
}

/** Longer than any wait that a server grants (60 s): a connection that says nothing until then is dead. */
const LONGEST_SILENCE_MS = 90_000;
/** A restart takes seconds; a server that stays away longer is reported. */
const GIVE_UP_AFTER_MS = 60_000;

export class ApiClient {
  readonly baseUrl: string;
  readonly #token: string | undefined;

  constructor({ baseUrl, token }: { baseUrl: string; token: string | undefined }) {
    this.baseUrl = baseUrl;
    this.#token = token;
  }

  /** @throws CliError; an `Unreachable` one where asking again may help; the signal's reason. */
  async request<T>(path: string, request: ApiRequest = {}): Promise<ApiAnswer<T>> {
    const answer = await this.#send(path, request);
    const { status, headers } = answer;
    const fine = (status >= 200 && status < 300) || request.alsoFine?.includes(status) === true;
    if (!fine) throw problemToCliError(asProblem(answer.text), { status, baseUrl: this.baseUrl });
    return { status, headers, body: parse(answer, this.baseUrl) as T };
  }

  /** The client of the same server, for what is followed. What it throws and notices, `toCliError` puts into words. */
  client(onNotice: (notice: Notice) => void): Client {
    return createClient({
      baseUrl: this.baseUrl,
      ...(this.#token === undefined ? {} : { token: this.#token }),
      fetch: nodeFetch,
      follow: { giveUpAfterMs: GIVE_UP_AFTER_MS },
      onNotice,
    });
  }

  /** An error of the client as one of the commands; others as they are. */
  toCliError(error: unknown): unknown {
    if (error instanceof ConnectionError) return unreachable(this.baseUrl, error.cause ?? error);
    if (!(error instanceof ProblemError)) return error;
    return problemToCliError(error.problem, { status: error.status, baseUrl: this.baseUrl });
  }

  async #send(path: string, { method = "GET", body, headers, signal }: ApiRequest): Promise<HttpAnswer> {
    const json = body === undefined ? undefined : JSON.stringify(body);
    try {
      return await sendRequest(`${this.baseUrl}${path}`, {
        method,
        headers: {
          accept: "application/json",
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(json === undefined
            ? {}
            : { "content-type": "application/json", "content-length": String(Buffer.byteLength(json)) }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: json }),
        ...(signal === undefined ? {} : { signal }),
        silenceMs: LONGEST_SILENCE_MS,
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw unreachable(this.baseUrl, cause);
    }
  }
}

/** Asking again later may help. */
export class Unreachable extends CliError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super("unreachable", message, options);
  }
}

function unreachable(baseUrl: string, cause: unknown): Unreachable {
  return new Unreachable(
    `No server answers at ${baseUrl} (${reasonOf(cause)}). Start one with "meanwhile serve", or name yours with --url or MEANWHILE_URL.`,
    { cause },
  );
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "unknown host",
  ECONNRESET: "connection reset",
  ETIMEDOUT: "no answer in time",
};

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { code } = cause as NodeJS.ErrnoException;
  return (code === undefined ? undefined : WORDS[code]) ?? cause.message;
}

function parse({ text, status }: HttpAnswer, baseUrl: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `${baseUrl} answered ${status} with something that is not JSON: is it a meanwhile server?`;
    throw new CliError("unreachable", message, { cause });
  }
}

function problemToCliError(
  problem: Problem | undefined,
  { status, baseUrl }: { status: number; baseUrl: string },
): CliError {
  if (problem === undefined) {
    return new CliError("unreachable", `${baseUrl} answered ${status} without saying why: is it a meanwhile server?`);
  }
  const sentence = problem.detail || problem.title;
  const faults = (problem.errors ?? [])
    // A single fault usually is the sentence already.
    .filter(({ detail }) => !sentence.includes(detail))
    .map(({ pointer, detail }) => `\n  ${pointer}: ${detail}`);
  const advice = status === 401 ? "\n  The commands send the API key that MEANWHILE_TOKEN holds." : "";
  const message = `${sentence} (${problem.code})${faults.join("")}${advice}`;
  return status === 503 ? new Unreachable(message) : new CliError(reasonFor(status), message);
}

function reasonFor(status: number): ExitReason {
  if (status === 401 || status === 403) return "credentials";
  return status >= 500 ? "internal" : "negative";
}

function asProblem(text: string): Problem | undefined {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null;
    return typeof value?.code === "string" && typeof value.title === "string" ? (value as Problem) : undefined;
  } catch {
    // Not JSON, so no problem document.
    return undefined;
  }
}
