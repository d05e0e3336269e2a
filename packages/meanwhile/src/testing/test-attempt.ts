// One attempt of a job under test: its context, its signal, its end.
import {
  type AbortReason,
  AttemptAbortedError,
  type Clock,
  type JobContext,
  type JobDefinition,
  type JobFacts,
  type JobFiles,
  type JobTransaction,
  NonRetryableError,
  type Outcome,
  OwnWrites,
  outcomeOfError,
  outcomeOfResult,
  type Progress,
  progressOf,
  type QueryResult,
  type TransactionStore,
  type UserStatement,
} from "@meanwhile/core";
import { LIMITS, type LogLevel } from "@meanwhile/protocol";
import type { LoggedLine } from "./run-job.js";

/** What the attempts of a job leave behind. */
export interface Recording {
  readonly progress: (Progress & { attempt: number })[];
  readonly outputs: { chunk: unknown; attempt: number }[];
  readonly logs: LoggedLine[];
  readonly statements: UserStatement[];
}

export interface TestAttemptOptions {
  readonly job: JobFacts;
  readonly parameters: unknown;
  readonly files: JobFiles;
  readonly clock: Clock;
  readonly cancelled: AbortSignal | undefined;
  readonly recording: Recording;
  /** Answers the statements of `commit`; without it, the job runs as on a store without transactions. */
  readonly query: ((statement: UserStatement) => Promise<QueryResult> | QueryResult) | undefined;
  onSignal(signal: AbortSignal): void;
}

/** Never rejects. */
export async function runTestAttempt(definition: JobDefinition, options: TestAttemptOptions): Promise<Outcome> {
  const { clock, cancelled, query, recording } = options;
  const controller = new AbortController();
  options.onSignal(controller.signal);
  let reason: AbortReason | undefined;
  const abort = (given: AbortReason) => {
    reason ??= given;
    controller.abort(new AttemptAbortedError(reason));
  };
  const cancel = () => abort("cancelled");
  cancelled?.addEventListener("abort", cancel, { once: true });
  const clearTimeout =
    definition.timeoutMs === null ? undefined : clock.after(definition.timeoutMs, () => abort("timeout"));
  const ownWrites = new OwnWrites(query && createTransactions(query, recording));
  let outcome: Outcome;
  try {
    if (cancelled?.aborted === true) cancel();
    controller.signal.throwIfAborted();
    const returned = await definition.run(createContext(options, { signal: controller.signal, ownWrites }));
    await ownWrites.idle();
    ownWrites.close();
    if (ownWrites.failure !== undefined) throw ownWrites.failure.error;
    outcome = await outcomeOfResult(definition, returned);
    recording.statements.push(...ownWrites.statements);
    // What was returned before a cancellation was seen counts; what came after the timeout does not.
    if (reason !== "timeout") return outcome;
  } catch (error) {
    outcome = outcomeOfError(error);
  } finally {
    clearTimeout?.();
    cancelled?.removeEventListener("abort", cancel);
  }
  return reason === undefined ? outcome : { kind: "aborted", reason };
}

/** Nothing is stored here: the test answers for the database. */
function createTransactions(
  query: NonNullable<TestAttemptOptions["query"]>,
  { statements }: Recording,
): Pick<TransactionStore, "begin"> {
  return {
    begin: async () => ({
      async query(statement) {
        statements.push(statement);
        return query(statement);
      },
      commit: async () => [],
      rollback: async () => {},
    }),
  };
}

function createContext(
  options: TestAttemptOptions,
  { signal, ownWrites }: { signal: AbortSignal; ownWrites: OwnWrites },
): JobContext {
  const { job, parameters, files, recording } = options;
  const { attempt } = job;
  const log = (level: LogLevel) => (message: string, fields?: Record<string, unknown>) =>
    void recording.logs.push({ level, message, fields, attempt });
  let outputs = 0;
  return {
    parameters,
    job,
    signal,
    files,
    log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
    async progress(fraction, message, steps) {
      recording.progress.push({ ...progressOf(fraction, message, steps), attempt });
    },
    async output(chunk) {
      const text = JSON.stringify(chunk) ?? "null";
      if (Buffer.byteLength(text) > LIMITS.outputChunkBytes || ++outputs > LIMITS.outputCalls) {
        throw new NonRetryableError(
          "output_limit",
          `A job may give ${LIMITS.outputCalls} outputs of ${LIMITS.outputChunkBytes} bytes of JSON.`,
        );
      }
      recording.outputs.push({ chunk: JSON.parse(text), attempt });
    },
    commit: ((work: (transaction: JobTransaction) => unknown) => ownWrites.commit(work)) as JobContext["commit"],
  };
}
