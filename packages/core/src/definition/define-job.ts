// `defineJob`: one function and its schemas become a job type.
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigurationError } from "../errors.js";
import { DEFAULT_RETRY_POLICY, type RetryOptions, type RetryPolicy } from "../job/retry.js";
import { requireInteger, requireMs, requireNumber, requireText } from "../options.js";
import type { JobContext } from "./context.js";

export interface JobOptions<
  Type extends string,
  Parameters extends StandardSchemaV1 | undefined,
  Result extends StandardSchemaV1 | undefined,
> {
  /** The name under which callers submit it, for instance `images.convert`: letters, digits, `.`, `_` and `-`, at most 100 characters. */
  type: Type;
  /** One line for the API's documents. Default: none. */
  description?: string;
  /** Any Standard Schema that has a JSON form (Zod 4 does). Default: any object. */
  parameters?: Parameters;
  /** Checks what `run` returns, and tells clients its type. Default: anything with a JSON form. */
  result?: Result;
  retry?: RetryOptions;
  /** Longest time of one attempt, in milliseconds; `false` for no limit. Default: 600 000 (ten minutes). */
  timeoutMs?: number | false;
  /** Fails a job with `expired` that was not started within this time, in milliseconds; `false` for no limit. Default: `false`. */
  startWithinMs?: number | false;
  /** Attempts of this type that run at once in one process; at least 1. Default: 10. */
  concurrency?: number;
  /**
   * Jobs of this type that are leased at once over all processes on the store; at least 1, `false` for no limit. Such a job waits
   * for its turn in every process, so it is never stored with its first lease, nor claimed ahead. A lower number holds for what
   * is claimed from then on. Default: `false`.
   */
  globalConcurrency?: number | false;
  /** Refuses submits with `queue_full` while this many jobs of the type wait; `false` for no limit. Default: `false`. */
  queueLimit?: number | false;
  /** How long a finished job is kept, in milliseconds. Default: 604 800 000 (seven days). */
  retentionMs?: number;
  /** Whether a submit must carry an idempotency key. Default: `optional`. */
  idempotencyKey?: "required" | "optional";
  /** A route of its own beside `/api/v2/jobs`: the path, for instance `/api/reports`. Default: none. */
  http?: { path: string };
  /** The work. Returning completes the job; throwing fails the attempt. */
  run(context: JobContext<ParsedParameters<Parameters>>): Promise<ReturnedResult<Result>> | ReturnedResult<Result>;
}

type ParsedParameters<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : Record<string, unknown>;
type SentParameters<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferInput<S> : Record<string, unknown>;
type ReturnedResult<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferInput<S> : unknown;
type StoredResult<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : unknown;

/** A job type, with every option resolved. The three type parameters are what clients learn from it. */
export interface JobDefinition<Type extends string = string, Parameters = unknown, Result = unknown> {
  readonly type: Type;
  readonly description: string | undefined;
  readonly parameters: StandardSchemaV1 | undefined;
  readonly result: StandardSchemaV1 | undefined;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number | null;
  readonly startWithinMs: number | null;
  readonly concurrency: number;
  readonly globalConcurrency: number | null;
  readonly queueLimit: number | null;
  readonly retentionMs: number;
  readonly idempotencyKey: "required" | "optional";
  readonly http: { readonly path: string } | undefined;
  // A method, so that definitions of different parameters fit into one list.
  run(context: JobContext): unknown;
  /** Only in types: what a caller sends, and what it gets. */
  readonly $types?: { readonly parameters: Parameters; readonly result: Result };
}

/** Every definition, whatever its types. */
export type AnyJobDefinition = JobDefinition<string, unknown, unknown>;

/**
 * Makes a job type of a function.
 *
 * @throws ConfigurationError naming the type, the option, what came and what would do.
 * @example
 * export const greet = defineJob({
 *   type: "greet",
 *   parameters: z.object({ name: z.string() }),
 *   run: ({ parameters }) => ({ text: `Hello, ${parameters.name}` }),
 * });
 */
export function defineJob<
  const Type extends string,
  Parameters extends StandardSchemaV1 | undefined = undefined,
  Result extends StandardSchemaV1 | undefined = undefined,
>(
  options: JobOptions<Type, Parameters, Result>,
): JobDefinition<Type, SentParameters<Parameters>, StoredResult<Result>> {
  requireKnownMembers(options);
  const at = (option: string) => `defineJob(${JSON.stringify(options.type)}): ${option}`;
  if (typeof options.type !== "string" || !TYPE_NAME.test(options.type)) {
    throw new ConfigurationError(
      `defineJob: type must be 1 to 100 letters, digits, ".", "_" or "-", beginning with a letter; got ${JSON.stringify(options.type)}.`,
    );
  }
  if (typeof options.run !== "function")
    throw new ConfigurationError(`${at("run")} must be a function, got ${typeof options.run}.`);
  return {
    type: options.type,
    description: options.description,
    parameters: requireSchema(at("parameters"), options.parameters),
    result: requireSchema(at("result"), options.result),
    retry: resolveRetry(at, options.retry),
    timeoutMs: noneOr(options.timeoutMs ?? 600_000, (value) => requireMs(at("timeoutMs"), value, { min: 1 })),
    startWithinMs: noneOr(options.startWithinMs ?? false, (value) => requireMs(at("startWithinMs"), value, { min: 1 })),
    concurrency: requireInteger(at("concurrency"), options.concurrency ?? 10, { min: 1 }),
    globalConcurrency: noneOr(options.globalConcurrency ?? false, (value) =>
      requireInteger(at("globalConcurrency"), value, { min: 1 }),
    ),
    queueLimit: noneOr(options.queueLimit ?? false, (value) => requireInteger(at("queueLimit"), value, { min: 1 })),
    retentionMs: requireMs(at("retentionMs"), options.retentionMs ?? 604_800_000, { min: 0 }),
    idempotencyKey: requireOneOf(at("idempotencyKey"), options.idempotencyKey ?? "optional", ["required", "optional"]),
    http: resolveHttp(at("http.path"), options.http),
    run: options.run as JobDefinition["run"],
  };
}

const TYPE_NAME = /^[A-Za-z][A-Za-z0-9._-]{0,99}$/;

const OPTION_NAMES = new Set([
  "type",
  "description",
  "parameters",
  "result",
  "retry",
  "timeoutMs",
  "startWithinMs",
  "concurrency",
  "globalConcurrency",
  "queueLimit",
  "retentionMs",
  "idempotencyKey",
  "http",
  "run",
]);

function requireKnownMembers(options: object): void {
  for (const name of Object.keys(options)) {
    if (OPTION_NAMES.has(name)) continue;
    throw new ConfigurationError(
      `defineJob: there is no option "${name}". Options are: ${[...OPTION_NAMES].join(", ")}.`,
    );
  }
}

function requireSchema(option: string, schema: StandardSchemaV1 | undefined): StandardSchemaV1 | undefined {
  if (schema === undefined || typeof schema["~standard"]?.validate === "function") return schema;
  throw new ConfigurationError(`${option} must be a Standard Schema, for instance z.object({ … }) of Zod 4.`);
}

function resolveRetry(at: (option: string) => string, retry: RetryOptions = {}): RetryPolicy {
  const given = { ...DEFAULT_RETRY_POLICY, ...retry };
  return {
    maxAttempts: requireInteger(at("retry.maxAttempts"), given.maxAttempts, { min: 1 }),
    initialDelayMs: requireMs(at("retry.initialDelayMs"), given.initialDelayMs, { min: 0 }),
    factor: requireNumber(at("retry.factor"), given.factor, { min: 1 }),
    maxDelayMs: requireMs(at("retry.maxDelayMs"), given.maxDelayMs, { min: 0 }),
    jitter: requireOneOf(at("retry.jitter"), given.jitter, ["full", "none"]),
  };
}

function resolveHttp(option: string, http: { path: string } | undefined): { path: string } | undefined {
  if (http === undefined) return undefined;
  const path = requireText(option, http.path);
  if (!/^\/[A-Za-z0-9._~/-]*$/.test(path)) {
    throw new ConfigurationError(
      `${option} must be a path such as "/api/reports", without parameters; got ${JSON.stringify(path)}.`,
    );
  }
  return { path };
}

function requireOneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new ConfigurationError(`${option} must be one of ${allowed.join(", ")}; got ${JSON.stringify(value)}.`);
}

function noneOr(value: number | false, resolve: (value: number) => number): number | null {
  return value === false ? null : resolve(value);
}
