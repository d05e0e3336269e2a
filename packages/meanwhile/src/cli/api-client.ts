// The commands' view of a server: JSON over HTTP, and every way it can fail as one sentence.
import type { Problem } from "@meanwhile/protocol";
import { CliError } from "./cli-error.js";
import type { ExitReason } from "./exit-codes.js";

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
  readonly headers: Headers;
  /** Meaningless for statuses without a body (204, 304). */
  readonly body: T;
}

/** Longer than any wait that a server grants (60 s): a connection that says nothing until then is dead. */
const LONGEST_ANSWER_MS = 90_000;

export class ApiClient {
  readonly baseUrl: string;
  readonly #token: string | undefined;

  constructor({ baseUrl, token }: { baseUrl: string; token: string | undefined }) {
    this.baseUrl = baseUrl;
    this.#token = token;
  }

  /** @throws CliError; a `Unreachable` one where asking again may help. */
  async request<T>(path: string, request: ApiRequest = {}): Promise<ApiAnswer<T>> {
    const response = await this.#fetch(path, request);
    const text = await response.text().catch((cause: unknown) => {
      throw unreachable(this.baseUrl, cause);
    });
    const fine = response.ok || request.alsoFine?.includes(response.status) === true;
    if (!fine) throw toCliError(response, text, this.baseUrl);
    return { status: response.status, headers: response.headers, body: parse(text, response, this.baseUrl) as T };
  }

  async #fetch(path: string, { method = "GET", body, headers, signal }: ApiRequest): Promise<Response> {
    const limit = AbortSignal.timeout(LONGEST_ANSWER_MS);
    try {
      return await fetch(`${this.baseUrl}${path}`, {
        method,
        headers: {
          accept: "application/json",
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
        redirect: "error",
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

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause as (NodeJS.ErrnoException & { errors?: readonly NodeJS.ErrnoException[] }) | undefined;
  const code = inner?.code ?? inner?.errors?.[0]?.code;
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: "connection refused",
    ENOTFOUND: "unknown host",
    ECONNRESET: "connection reset",
    ETIMEDOUT: "no answer in time",
  };
  if (cause.name === "TimeoutError") return "no answer in time";
  return (code === undefined ? undefined : words[code]) ?? inner?.message ?? cause.message;
}

function parse(text: string, response: Response, baseUrl: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError(
      "unreachable",
      `${baseUrl} answered ${response.status} with something that is not JSON: is it a meanwhile server?`,
      { cause },
    );
  }
}

function toCliError(response: Response, text: string, baseUrl: string): CliError {
  const problem = asProblem(text);
  if (problem === undefined) {
    return new CliError(
      "unreachable",
      `${baseUrl} answered ${response.status} without saying why: is it a meanwhile server?`,
    );
  }
  const sentence = problem.detail || problem.title;
  const faults = (problem.errors ?? [])
    // A single fault usually is the sentence already.
    .filter(({ detail }) => !sentence.includes(detail))
    .map(({ pointer, detail }) => `\n  ${pointer}: ${detail}`);
  const message = `${sentence} (${problem.code})${faults.join("")}`;
  return response.status === 503 ? new Unreachable(message) : new CliError(reasonFor(response.status), message);
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
