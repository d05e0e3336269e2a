// One attempt: calls the handler, stops it when it must stop, and says how it ended.
//
// 1. The signal fires at most once, for the first reason that comes.
// 2. After it, the handler has `abortGraceMs` to end by itself; then the attempt ends without it.
// 3. What the handler did after a timeout, a deadline or a lost lease does not count; what it returned before it saw a
//    cancellation does.
import type { Writer } from "../batch/writer.js";
import type { Clock } from "../clock.js";
import { validate } from "../definition/catalog.js";
import type { JobContext, JobFacts, JobFiles, JobTransaction } from "../definition/context.js";
import type { AnyJobDefinition } from "../definition/define-job.js";
import { type AbortReason, AttemptAbortedError, NonRetryableError } from "../definition/handler-errors.js";
import type { Files } from "../files/files.js";
import type { ClaimedJob, Progress } from "../job/job.js";
import { readJsonPayload } from "../job/payload.js";
import { traceIdOf, withLogFields } from "../log-context.js";
import type { Logger } from "../logger.js";
import type { FileRecordStore } from "../store/file-record-store.js";
import type { UserStatement } from "../store/job-store.js";
import { createJobFiles } from "./job-files.js";
import type { AttemptLog, JobLogs } from "./job-logs.js";
import { type Outcome, outcomeOfError, outcomeOfResult } from "./outcome.js";
import { progressOf, Reporter } from "./reporter.js";

export interface AttemptDependencies {
  writer: Writer;
  clock: Clock;
  logger: Logger;
  logs: JobLogs;
  files: Files;
  fileRecords: FileRecordStore;
  abortGraceMs: number;
  progressEveryMs: number;
}

export class Attempt implements JobContext {
  readonly definition: AnyJobDefinition;
  readonly startedAt: number;
  /** Statements to be applied with the completion. */
  readonly userStatements: UserStatement[] = [];
  parameters: unknown;
  /** As it was claimed; a cancel wish is noted in it when it is learnt. */
  claimed: ClaimedJob;
  readonly #dependencies: AttemptDependencies;
  #controller: AbortController | undefined;
  #abortReason: AbortReason | undefined;
  #ended = false;
  #endWithoutHandler: (() => void) | undefined;
  #cancelTimers: (() => void)[] = [];
  #reporter: Reporter | undefined;
  #log: AttemptLog | undefined;
  #files: JobFiles | undefined;

  constructor(claimed: ClaimedJob, definition: AnyJobDefinition, dependencies: AttemptDependencies) {
    this.claimed = claimed;
    this.definition = definition;
    this.#dependencies = dependencies;
    this.startedAt = dependencies.clock.now();
    // Handlers take the context apart: its functions must not need their receiver.
    this.progress = this.progress.bind(this);
    this.output = this.output.bind(this);
    this.commit = this.commit.bind(this);
  }

  /** Runs the handler to its end. Never rejects. */
  run(): Promise<Outcome> {
    const { claimed } = this;
    const traceId = traceIdOf(claimed.traceparent);
    const fields = {
      jobId: claimed.id,
      type: claimed.type,
      attempt: claimed.attempt,
      ...(claimed.requestId === null ? {} : { requestId: claimed.requestId }),
      ...(traceId === undefined ? {} : { traceId }),
    };
    return withLogFields(fields, () => this.#run());
  }

  /** Tells the handler to stop; only the first reason counts. */
  abort(reason: AbortReason): void {
    if (this.#ended || this.#abortReason !== undefined) return;
    this.#abortReason = reason;
    this.#controller?.abort(new AttemptAbortedError(reason));
    const { clock, abortGraceMs, logger } = this.#dependencies;
    // Whoever stops the worker has waited already; a lost lease makes the outcome worthless.
    const graceMs = reason === "stopping" || reason === "lease_lost" ? 0 : abortGraceMs;
    const end = () => {
      if (this.#endWithoutHandler === undefined) return;
      logger.warn({ jobId: this.claimed.id, reason, graceMs }, "the handler did not stop when it was told to");
      this.#endWithoutHandler();
    };
    this.#cancelTimers.push(clock.after(graceMs, end));
  }

  /** Sets the timers of an attempt that did not end at once: most short ones never need any. */
  watchTime(): void {
    if (this.#ended) return;
    const { clock } = this.#dependencies;
    const { timeoutMs, completeBy } = this.claimed;
    const now = clock.now();
    if (timeoutMs !== null) this.#abortAfter("timeout", this.startedAt + timeoutMs - now);
    if (completeBy !== null) this.#abortAfter("deadline_exceeded", completeBy - now);
  }

  /** Ends the reporting. @returns the progress that was never written. */
  async close(): Promise<Progress | undefined> {
    this.#ended = true;
    for (const cancel of this.#cancelTimers) cancel();
    if (this.#reporter !== undefined) await this.#reporter.close();
    if (this.#log !== undefined) await this.#log.flush();
    return this.#reporter?.takeProgress();
  }

  // What the handler sees (JobContext).

  get job(): JobFacts {
    return this.claimed;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(new AttemptAbortedError(this.#abortReason));
    }
    return this.#controller.signal;
  }

  get log(): AttemptLog {
    this.#log ??= this.#dependencies.logs.open({ jobId: this.claimed.id, attempt: this.claimed.attempt });
    return this.#log;
  }

  get files(): JobFiles {
    const { files, fileRecords } = this.#dependencies;
    this.#files ??= createJobFiles(this.claimed, { files, records: fileRecords, signal: this.signal });
    return this.#files;
  }

  async progress(
    fraction: number,
    message?: string,
    steps?: { currentStep: number; totalSteps: number },
  ): Promise<void> {
    this.#report.progress(progressOf(fraction, message, steps));
  }

  async output(chunk: unknown): Promise<void> {
    await this.#report.output(chunk);
  }

  commit(collect: (transaction: JobTransaction) => void): void {
    const returned: unknown = collect({ run: (sql, values = []) => void this.userStatements.push({ sql, values }) });
    if (isPromise(returned)) {
      throw new NonRetryableError(
        "invalid_commit",
        "commit((tx) => …) must be synchronous: collect the statements, do not wait for anything.",
      );
    }
  }

  get #report(): Reporter {
    const { writer, clock, logger, progressEveryMs } = this.#dependencies;
    this.#reporter ??= new Reporter({
      job: this.claimed,
      writer,
      clock,
      progressEveryMs,
      onLeaseLost: () => this.abort("lease_lost"),
      onError: (error) => logger.warn({ err: error, jobId: this.claimed.id }, "progress could not be written"),
    });
    return this.#reporter;
  }

  async #run(): Promise<Outcome> {
    let outcome: Outcome;
    try {
      const unfit = this.#parseParameters();
      const refused = unfit instanceof Promise ? await unfit : unfit;
      if (refused !== undefined) return refused;
      const returned = this.definition.run(this);
      const value = isPromise(returned) ? await this.#orEnd(returned) : returned;
      const judged = outcomeOfResult(this.definition, value);
      outcome = judged instanceof Promise ? await judged : judged;
      if (this.#abortReason === "cancelled" || this.#abortReason === "stopping") return outcome;
    } catch (error) {
      outcome = outcomeOfError(error);
    }
    return this.#abortReason === undefined ? outcome : { kind: "aborted", reason: this.#abortReason };
  }

  /** The schema may have changed since the submit: then the job fails, and says so. */
  #parseParameters(): Outcome | undefined | Promise<Outcome | undefined> {
    const sent = readJsonPayload(this.claimed.parameters);
    const checked = validate(this.definition.parameters, sent, "#/parameters");
    const take = (validation: Awaited<typeof checked>): Outcome | undefined => {
      if (validation.ok) {
        this.parameters = validation.value;
        return undefined;
      }
      const message = validation.faults.map(({ pointer, detail }) => `${pointer}: ${detail}`).join("; ");
      return { kind: "failed", error: { code: "invalid_parameters", message }, retry: "never" };
    };
    return checked instanceof Promise ? checked.then(take) : take(checked);
  }

  /** The handler's promise, or a rejection when its grace after an abort is over. */
  #orEnd(returned: PromiseLike<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#endWithoutHandler = () => reject(new AttemptAbortedError(this.#abortReason ?? "stopping"));
      const ended = () => {
        this.#endWithoutHandler = undefined;
      };
      returned.then(
        (value) => {
          ended();
          resolve(value);
        },
        (error: unknown) => {
          ended();
          reject(error);
        },
      );
    });
  }

  #abortAfter(reason: AbortReason, waitMs: number): void {
    this.#cancelTimers.push(this.#dependencies.clock.after(Math.max(0, waitMs), () => this.abort(reason)));
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function";
}
