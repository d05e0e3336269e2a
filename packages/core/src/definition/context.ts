// What a handler is given: everything it may know, and nothing about HTTP, statuses, queues or databases.
import type { Readable } from "node:stream";
import type { UserStatement } from "../store/job-store.js";
import type { QueryResult } from "../store/transaction-store.js";

export interface JobContext<Parameters = unknown> {
  /** As the type's schema gives them: defaults filled in, transformed. */
  readonly parameters: Parameters;
  readonly job: JobFacts;
  /**
   * Fires when the attempt must stop: cancelled, timed out, past its deadline, its lease lost, or the worker stopping.
   * `signal.reason` is an `AttemptAbortedError` that says which.
   */
  readonly signal: AbortSignal;
  /**
   * Says how far the work is. Throttled: of many calls the latest is written, the last one always.
   *
   * @param fraction 0 to 1.
   * @returns once it is buffered.
   * @throws RangeError where the fraction is not from 0 to 1.
   */
  progress(fraction: number, message?: string, steps?: { currentStep: number; totalSteps: number }): Promise<void>;
  /**
   * Gives a partial result to whoever follows: a token of a model, a row of a report.
   *
   * @param chunk Any JSON value up to 64 KiB; at most 10,000 per job.
   * @returns once its event is committed.
   */
  output(chunk: unknown): Promise<void>;
  readonly log: JobLog;
  readonly files: JobFiles;
  /**
   * Writes into the database of the store in one transaction with the job's completion: all of it, or nothing where the handler
   * throws or the lease is lost. May be called several times; all calls of an attempt share one transaction.
   *
   * An async `work` runs at once, on PostgreSQL only; its transaction stays open until the handler has returned, so let it be
   * the last thing that the handler does. If anything in it fails, so does the attempt, whatever the handler makes of it.
   *
   * @returns what `work` returned. Nothing is committed yet by then.
   */
  commit<Value>(work: (transaction: JobTransaction) => Promise<Value>): Promise<Value>;
  /** Collects statements that are run when the handler has returned. On every store that has SQL. */
  commit(collect: (transaction: JobTransaction) => void): void;
}

export interface JobFacts {
  readonly id: string;
  readonly type: string;
  readonly owner: string;
  /** Counted from 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly priority: number;
  readonly callbackId: string | null;
  readonly tags: readonly string[];
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** W3C Trace Context of the submit. */
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/** Lines kept with the job (1,000 of at most 64 KiB), and written to the process's own log too. */
export interface JobLog {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** The files of the job's owner. */
export interface JobFiles {
  /** @throws NonRetryableError `file_not_found` where it does not exist, is gone, or belongs to another owner. */
  open(fileId: string): Promise<OpenedFile>;
  /** Keeps the bytes under a new id. The file lives at least as long as the job. */
  save(bytes: Readable | Uint8Array | string, options: { name: string; mediaType: string }): Promise<SavedFile>;
}

export interface SavedFile {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export interface OpenedFile extends SavedFile {
  stream(): Readable;
}

export interface JobTransaction {
  /** Adds a statement: it is run before the next `query`, or when the handler has returned. */
  run(sql: UserStatement["sql"], values?: UserStatement["values"]): void;
  /**
   * Runs a statement now, behind all that came before. PostgreSQL only.
   *
   * @returns its rows, with the types that `pg` gives them.
   * @throws the database's error; AttemptAbortedError where the attempt has ended.
   */
  query<Row = Record<string, unknown>>(
    sql: UserStatement["sql"],
    values?: UserStatement["values"],
  ): Promise<QueryResult<Row>>;
}
