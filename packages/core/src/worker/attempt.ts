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
import { type AbortReason, AttemptAbortedError } from "../definition/handler-errors.js";
import type { Files } from "../files/files.js";
import { isPromise } from "../is-promise.js";
import type { ClaimedJob, Progress } from "../job/job.js";
import { readJsonPayload } from "../job/payload.js";
import { START_EXPIRED } from "../job/transitions.js";
import { type LogFields, traceIdOf, withLogFields } from "../log-context.js";
import type { Logger } from "../logger.js";
import type { FileRecordStore } from "../store/file-record-store.js";
import type { TransactionStore } from "../store/transaction-store.js";
import { createJobFiles } from "./job-files.js";
import type { AttemptLog, JobLogs } from "./job-logs.js";
import { type Outcome, outcomeOfError, outcomeOfResult } from "./outcome.js";
import { OwnWrites } from "./own-writes.js";
import { progressOf, Reporter } from "./reporter.js";

export interface AttemptDependencies {
  writer: Writer;
  clock: Clock;
  logger: Logger;
  logs: JobLogs;
  files: Files;
  fileRecords: FileRecordStore;
  transactions: TransactionStore | undefined;
  abortGraceMs: number;
  progressEveryMs: number;
}

export class Attempt implements JobContext {
  readonly definition: AnyJobDefinition;
  readonly startedAt: number;
  /** To be committed with the completion; `undefined` where the handler asked for none. */
  ownWrites: OwnWrites | undefined;
  parameters: unknown;
  /** As it was claimed; a cancel wish is noted in it when it is learnt. */
  claimed: ClaimedJob;
  readonly #dependencies: AttemptDependencies;
  #controller: AbortController | undefined;
  #abortReason: AbortReason | undefined;
  /** Until the attempt has ended. */
  #onEnd: ((outcome: Outcome) => void) | undefined;
  #cancelTimers: (() => void)[] = NO_TIMERS;
  #reporter: Reporter | undefined;
  #log: AttemptLog | undefined;
  #files: JobFiles | undefined;

  constructor(claimed: ClaimedJob, definition: AnyJobDefinition, dependencies: AttemptDependencies) {
    this.claimed = claimed;
    this.definition = definition;
    this.#dependencies = dependencies;
    this.startedAt = dependencies.clock.now();
  }

  /** Calls the handler, and `onEnd` once with how it ended. Never throws; without promises where the handler needs none. */
  run(onEnd: (outcome: Outcome) => void): void {
    const { id: jobId, type, attempt, traceparent, requestId } = this.claimed;
    const fields: LogFields = {
      jobId,
      type,
      attempt,
      requestId: requestId ?? undefined,
      traceId: traceIdOf(traceparent),
    };
    this.#onEnd = onEnd;
    withLogFields(fields, () => this.#start());
  }

  /** It reported nothing, logged nothing and wrote nothing of its own: its outcome alone is all there is to store. */
  get isPlain(): boolean {
    return this.#reporter === undefined && this.#log === undefined && this.ownWrites === undefined;
  }

  /** Ends what only concerns a running handler. */
  #end(outcome: Outcome): void {
    const onEnd = this.#onEnd;
    if (onEnd === undefined) return;
    this.#onEnd = undefined;
    for (const cancel of this.#cancelTimers) cancel();
    this.#cancelTimers = NO_TIMERS;
    if (outcome.kind !== "completed") this.ownWrites?.rollback(this.#abortReason);
    onEnd(outcome);
  }

  /** Tells the handler to stop; only the first reason counts, but a later one may shorten its time to obey. */
  abort(reason: AbortReason): void {
    if (this.#onEnd === undefined) return;
    const { clock, abortGraceMs, logger } = this.#dependencies;
    // Whoever stops the worker has waited already; a lost lease makes the outcome worthless.
    const graceMs = reason === "stopping" || reason === "lease_lost" ? 0 : abortGraceMs;
    if (this.#abortReason !== undefined && graceMs > 0) return;
    const first = this.#abortReason ?? reason;
    if (this.#abortReason === undefined) {
      this.#abortReason = reason;
      this.#controller?.abort(new AttemptAbortedError(reason));
    }
    // What comes of it does not count any more: its connection and its locks are free at once.
    if (first !== "cancelled" && first !== "stopping") this.ownWrites?.rollback(first);
    const endWithoutHandler = () => {
      logger.warn({ jobId: this.claimed.id, reason: first, graceMs }, "the handler did not stop when it was told to");
      this.#end({ kind: "aborted", reason: first });
    };
    this.#addTimer(clock.after(graceMs, endWithoutHandler));
  }

  /** Sets the timers of an attempt that did not end at once: most short ones never need any. */
  watchTime(): void {
    if (this.#onEnd === undefined) return;
    const { clock } = this.#dependencies;
    const { timeoutMs, completeBy } = this.claimed;
    const now = clock.now();
    if (timeoutMs !== null) this.#abortAfter("timeout", this.startedAt + timeoutMs - now);
    if (completeBy !== null) this.#abortAfter("deadline_exceeded", completeBy - now);
  }

  /** Ends the reporting. @returns the progress that was never written. */
  async close(): Promise<Progress | undefined> {
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

  // Handlers take the context apart, so its functions must not need their receiver; most handlers take few of them.

  get progress(): JobContext["progress"] {
    const take = async (...values: Parameters<typeof progressOf>) => this.#report.progress(progressOf(...values));
    return (fraction, message, steps) => this.#watch("progress", take(fraction, message, steps));
  }

  get output(): JobContext["output"] {
    return (chunk) => this.#watch("output", this.#report.output(chunk));
  }

  get commit(): JobContext["commit"] {
    const commit = (work: (transaction: JobTransaction) => unknown) => {
      this.ownWrites ??= new OwnWrites(this.#dependencies.transactions);
      return this.ownWrites.commit(work);
    };
    return commit as JobContext["commit"];
  }

  /** Many handlers do not wait for what they report: its rejection, unhandled, would end the process and every job in it. */
  #watch(verb: "progress" | "output", reported: Promise<void>): Promise<void> {
    reported.catch((error: unknown) => {
      if (error instanceof AttemptAbortedError) return;
      const { logger } = this.#dependencies;
      logger.warn({ err: error, jobId: this.claimed.id }, `what the handler gave to ${verb} could not be taken`);
    });
    return reported;
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

  #start(): void {
    const overdue = this.#findOverdue();
    if (overdue !== undefined) {
      this.#end(overdue);
      return;
    }
    try {
      const unfit = this.#parseParameters();
      if (unfit instanceof Promise)
        unfit.then(
          (late) => this.#callHandler(late),
          (error: unknown) => this.#threw(error),
        );
      else this.#callHandler(unfit);
    } catch (error) {
      this.#threw(error);
    }
  }

  #callHandler(unfit: Outcome | undefined): void {
    if (unfit !== undefined) {
      this.#end(unfit);
      return;
    }
    try {
      const returned = this.definition.run(this);
      if (!isPromise(returned)) this.#returned(returned);
      else
        returned.then(
          (value) => this.#returned(value),
          (error: unknown) => this.#threw(error),
        );
    } catch (error) {
      this.#threw(error);
    }
  }

  #returned(value: unknown): void {
    const reason = this.#abortReason;
    if (reason !== undefined && reason !== "cancelled" && reason !== "stopping") {
      this.#end({ kind: "aborted", reason });
      return;
    }
    const { ownWrites } = this;
    const idle = ownWrites?.idle();
    if (idle !== undefined) {
      void idle.then(() => this.#returned(value));
      return;
    }
    ownWrites?.close();
    const violation = this.#reporter?.violation ?? ownWrites?.failure?.error;
    if (violation !== undefined) {
      this.#threw(violation);
      return;
    }
    try {
      const judged = outcomeOfResult(this.definition, value);
      if (judged instanceof Promise)
        judged.then(
          (late) => this.#end(late),
          (error: unknown) => this.#threw(error),
        );
      else this.#end(judged);
    } catch (error) {
      this.#threw(error);
    }
  }

  #threw(error: unknown): void {
    const reason = this.#abortReason;
    this.#end(reason === undefined ? outcomeOfError(error) : { kind: "aborted", reason });
  }

  /** A claim may come before the chore that would have ended the job: after hours without any process, by hours. */
  #findOverdue(): Outcome | undefined {
    const { startBy, startedAt, completeBy } = this.claimed;
    if (completeBy !== null && completeBy <= this.startedAt) return { kind: "aborted", reason: "deadline_exceeded" };
    if (startBy === null || startedAt === null || startedAt < startBy) return undefined;
    return { kind: "failed", error: START_EXPIRED, retry: "never" };
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

  #abortAfter(reason: AbortReason, waitMs: number): void {
    this.#addTimer(this.#dependencies.clock.after(Math.max(0, waitMs), () => this.abort(reason)));
  }

  #addTimer(cancel: () => void): void {
    if (this.#cancelTimers === NO_TIMERS) this.#cancelTimers = [];
    this.#cancelTimers.push(cancel);
  }
}

// Shared while it is empty: most attempts never need their own.
const NO_TIMERS: (() => void)[] = [];
