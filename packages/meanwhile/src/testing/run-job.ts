// `runJob`: runs a definition to its end, as a worker would, without a server, a store or real waiting.
//
// The rules (what is checked, what a throw means, what callers are shown) are core's own functions; only the store is
// missing, and the waits between attempts are skipped by moving the virtual clock.
import { randomUUID } from "node:crypto";
import {
  AppError,
  AttemptAbortedError,
  backoffMs,
  type JobDefinition,
  type Outcome,
  type Progress,
  type QueryResult,
  type Random,
  readJsonPayload,
  type UserStatement,
  validate,
} from "@meanwhile/core";
import type { JobError, LogLevel } from "@meanwhile/protocol";
import { type Recording, runTestAttempt } from "./test-attempt.js";
import { createTestFiles, type SavedTestFile, type TestFile } from "./test-files.js";
import { VirtualClock } from "./virtual-clock.js";

export interface RunJobOptions<Parameters> {
  /** As a caller would send them. Default: `{}`. */
  parameters?: Parameters;
  /** Files that the job may open, by id. */
  files?: Readonly<Record<string, TestFile>>;
  /** Moves when an attempt is retried, and when the test advances it. Default: a clock of its own. */
  clock?: VirtualClock;
  /** Aborting cancels the job. */
  signal?: AbortSignal;
  /** Draws the jitter of the waits. Default: always the longest wait. */
  random?: Random;
  /** Default: `test`. */
  owner?: string;
  /**
   * Answers each statement of an async `commit`, as PostgreSQL would. Default: none; an async `commit` fails the job then, as it
   * does on SQLite.
   *
   * @example query: ({ values }) => ({ rows: [{ id: 7, name: values[0] }], rowCount: 1 })
   */
  query?: (statement: UserStatement) => Promise<QueryResult> | QueryResult;
}

/** What the job did, and how it ended. */
export interface JobRun<Result> {
  readonly status: "COMPLETED" | "FAILED" | "CANCELLED";
  /** As callers get it; `undefined` unless `COMPLETED`. */
  readonly result: Result | undefined;
  /** As callers get it: messages of errors without a code are hidden. `undefined` unless `FAILED`. */
  readonly error: JobError | undefined;
  readonly attempts: readonly AttemptReport[];
  /** Every call, nothing throttled. */
  readonly progress: readonly (Progress & { readonly attempt: number })[];
  readonly outputs: readonly { readonly chunk: unknown; readonly attempt: number }[];
  readonly logs: readonly LoggedLine[];
  /** What the job saved, with its bytes. */
  readonly files: readonly SavedTestFile[];
  /** What the attempt that completed gave to `commit`, in the order in which it runs. */
  readonly statements: readonly UserStatement[];
}

export interface AttemptReport {
  readonly attempt: number;
  readonly outcome: "completed" | "failed" | "aborted";
  /** What the handler threw, whole; `undefined` where it did not throw. */
  readonly thrown: unknown;
  readonly error: JobError | undefined;
  /** How long the job would have waited for its next attempt; `undefined` where there was none. */
  readonly retryAfterMs: number | undefined;
}

export interface LoggedLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Record<string, unknown> | undefined;
  readonly attempt: number;
}

/**
 * Runs the job to its end: checks parameters and result, retries, times out, cancels, like a worker.
 *
 * @throws AppError `invalid_parameters` with pointers where the parameters do not fit, as a submit would be refused.
 * @example
 * const run = await runJob(greet, { parameters: { name: "Ada" } });
 * expect(run.result).toEqual({ text: "Hello, Ada" });
 */
export async function runJob<Parameters, Result>(
  definition: JobDefinition<string, Parameters, Result>,
  options: RunJobOptions<Parameters> = {},
): Promise<JobRun<Result>> {
  const { clock = new VirtualClock(), random = () => 1 } = options;
  const sent: unknown = JSON.parse(JSON.stringify(options.parameters ?? {}));
  const checked = await validate(definition.parameters, sent, "#/parameters");
  if (!checked.ok) throw invalidParameters(definition.type, checked.faults);

  const recording: Recording = { progress: [], outputs: [], logs: [], statements: [] };
  const attempts: AttemptReport[] = [];
  let signal = new AbortController().signal;
  const files = createTestFiles(options.files ?? {}, () => signal);
  const job = {
    id: randomUUID(),
    type: definition.type,
    owner: options.owner ?? "test",
    maxAttempts: definition.retry.maxAttempts,
    priority: 0,
    callbackId: null,
    tags: [],
    createdAt: clock.now(),
    traceparent: null,
    tracestate: null,
  };

  for (let attempt = 1; ; attempt++) {
    recording.statements.length = 0;
    const outcome = await runTestAttempt(definition, {
      job: { ...job, attempt },
      parameters: checked.value,
      files,
      clock,
      cancelled: options.signal,
      recording,
      query: options.query,
      onSignal: (given) => {
        signal = given;
      },
    });
    const { report, ended } = judge(outcome, { definition, attempt, random });
    attempts.push(report);
    if (ended !== undefined) {
      return { ...ended, attempts, ...recording, files: files.saved } as JobRun<Result>;
    }
    clock.advance(report.retryAfterMs ?? 0);
  }
}

type Ending = Pick<JobRun<unknown>, "status" | "result" | "error">;

interface JudgeOptions {
  definition: JobDefinition;
  attempt: number;
  random: Random;
}

function judge(
  outcome: Outcome,
  { definition, attempt, random }: JudgeOptions,
): { report: AttemptReport; ended?: Ending } {
  const report = (given: Partial<AttemptReport> & Pick<AttemptReport, "outcome">): AttemptReport => ({
    attempt,
    thrown: undefined,
    error: undefined,
    retryAfterMs: undefined,
    ...given,
  });
  if (outcome.kind === "completed") {
    const result = readJsonPayload(outcome.result);
    return { report: report({ outcome: "completed" }), ended: { status: "COMPLETED", result, error: undefined } };
  }
  if (outcome.kind === "aborted" && outcome.reason !== "timeout") {
    const thrown = new AttemptAbortedError(outcome.reason);
    return {
      report: report({ outcome: "aborted", thrown }),
      ended: { status: "CANCELLED", result: undefined, error: undefined },
    };
  }
  const failure =
    outcome.kind === "aborted"
      ? { error: TIMED_OUT, retry: "backoff" as const, cause: new AttemptAbortedError("timeout") }
      : outcome;
  const { error, retry, cause: thrown } = failure;
  const kind = outcome.kind;
  if (retry === "never" || attempt >= definition.retry.maxAttempts) {
    return { report: report({ outcome: kind, thrown, error }), ended: { status: "FAILED", result: undefined, error } };
  }
  const retryAfterMs =
    retry === "backoff" ? backoffMs(definition.retry, { failedAttempt: attempt, random: random() }) : retry.afterMs;
  return { report: report({ outcome: kind, thrown, error, retryAfterMs }) };
}

const TIMED_OUT: JobError = { code: "timeout", message: "The attempt took too long." };

function invalidParameters(type: string, faults: AppError["faults"]): AppError {
  const first = faults[0] === undefined ? "" : ` ${faults[0].pointer}: ${faults[0].detail}`;
  return new AppError("invalid_parameters", { message: `The parameters do not fit "${type}".${first}`, faults });
}
