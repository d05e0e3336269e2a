// The verbs: everything a channel may ask for. Each call carries a principal (invariant I10); the engine delegates.
import type { JobEvent, LogLevel, SubmitEnvelope } from "@meanwhile/protocol";
import type { WebhookVerbs } from "../delivery/webhooks.js";
import type { EventReader, Subscription } from "../event/job-tail.js";
import type { LogItem } from "../event/log-page.js";
import type { LogOptions, LogSubscription } from "../event/log-tail.js";
import type { Job, JobId } from "../job/job.js";
import type { Principal } from "../principal/principal.js";
import type { LogLine } from "../store/job-log-store.js";
import type { JobPage, JobQuery } from "../store/job-store.js";
import type { UserTransaction } from "../store/transaction-store.js";

export interface Engine {
  /**
   * Accepts one job: checks it, stores it durably with its first event, then resolves (invariant I9).
   *
   * @param envelope As sent; it is checked here, on every channel alike.
   * @throws AppError `invalid_parameters` with pointers, `unknown_job_type`, `idempotency_key_missing`, `idempotency_key_reused`,
   *   `job_purged` (the key's job is gone), `forbidden`, `queue_full`, `payload_too_large`, `store_unavailable`, `shutting_down`.
   *   TransactionError where `options.transaction` cannot be joined.
   */
  submit(envelope: SubmitEnvelope | unknown, options: SubmitOptions): Promise<Submitted>;

  /** All or nothing, in one transaction; pointers begin with `#/jobs/<index>`. @throws AppError as `submit` does. */
  submitBatch(
    items: readonly unknown[] | unknown,
    options: Omit<SubmitOptions, "fingerprintOf">,
  ): Promise<readonly Submitted[]>;

  /** @throws AppError `job_not_found` (also for another owner's job), `job_purged`. */
  get(jobId: JobId, access: Access): Promise<Job>;

  /** The principal's own jobs, newest first; every owner's with `jobs:admin`. */
  list(query: Omit<JobQuery, "owner">, access: Access): Promise<JobPage>;

  /** 1-based estimate for a ready `PENDING` job; `null` elsewhere and beyond 1,000. */
  queuePosition(job: Job): Promise<number | null>;

  /**
   * Resolves with the job when it is terminal, when `until` holds, or when the time is up: with whatever it is then.
   * Aborting resolves it at once, too.
   */
  wait(jobId: JobId, options: WaitOptions): Promise<Job>;

  /**
   * Ends a waiting job at once, or tells the worker of a running one.
   *
   * @throws AppError `job_already_finished`, except that a job that is `CANCELLED` already is simply returned.
   */
  cancel(jobId: JobId, access: Access): Promise<{ job: Job; outcome: "cancelled" | "requested" }>;

  /** A new job with the same parameters and `rerunOf`. @throws AppError `job_not_finished`, and as `submit` does. */
  rerun(jobId: JobId, options: Omit<SubmitOptions, "fingerprintOf">): Promise<Submitted>;

  /** Erases a terminal job now; its tombstone stays. @throws AppError `job_not_finished`. */
  purge(jobId: JobId, access: Access): Promise<void>;

  /** One page of the event log. `ended`: the terminal event is in it. */
  events(
    jobId: JobId,
    options: Access & { after: number; limit: number },
  ): Promise<{ events: readonly JobEvent[]; ended: boolean }>;

  /**
   * Yields the events of one job in `seq` order, first the stored ones, then new ones as they commit.
   * Ends after a terminal event. Never skips; never repeats within one call.
   *
   * @param options.after  Last `seq` already seen; 0 (the default) starts at the beginning.
   * @param options.signal Aborting ends the iteration quietly and frees the wake-up slot.
   * @throws AppError `job_not_found`, `job_purged` before the first event; `store_unavailable` at any time, `shutting_down` when this
   *   process stops (resume with `after`).
   */
  follow(jobId: JobId, options: Access & { after?: number; signal?: AbortSignal }): AsyncIterable<JobEvent>;

  /**
   * What `follow` yields, handed out instead of fetched, for channels with many followers: those at the same place share
   * every read. What `follow` would throw goes to `reader.onError`.
   *
   * @param job As `get` just gave it to the principal: that it did is the permission.
   */
  subscribe(job: Job, options: { after: number; reader: EventReader }): Subscription;

  /**
   * Yields the events of all jobs that the principal may see, in the order of their commits. Has no end of its own.
   *
   * Where events are missing behind the position, because their jobs were purged, it says so with a `reset` first; what is
   * kept follows.
   *
   * @param options.after A position that was seen; `null` starts at the oldest event that is kept, `undefined` (the default) with
   *   what is still to come.
   * @throws AppError `invalid_request` where the position cannot be read; `store_unavailable` at any time, `shutting_down` when
   *   this process stops (resume with the last position).
   */
  followAll(options: Omit<LogOptions, "reader"> & { signal?: AbortSignal }): AsyncIterable<LogItem>;

  /** What `followAll` yields, handed out instead of fetched. @throws AppError `invalid_request`, before anything is handed out. */
  subscribeAll(options: LogOptions): Promise<LogSubscription>;

  logs(
    jobId: JobId,
    options: Access & { after: number; limit: number; minLevel: LogLevel },
  ): Promise<readonly LogLine[]>;

  /** Standing endpoints, secrets, and what became of each delivery. */
  readonly webhooks: WebhookVerbs;
}

export interface Access {
  readonly principal: Principal;
}

export interface SubmitOptions extends Access {
  readonly idempotencyKey?: string;
  /**
   * What the request was, where the envelope alone does not say it (a file by its digest). Default: the envelope as sent.
   */
  readonly fingerprintOf?: unknown;
  readonly origin?: Origin;
  /**
   * The caller's own transaction, which the submit joins: the job is there when the caller commits, and never was when the
   * caller rolls back. What the submit resolves with is not durable before that commit. Only stores that share transactions.
   */
  readonly transaction?: UserTransaction;
}

/** Where a submit came from: kept with the job, so that logs and traces join up. */
export interface Origin {
  readonly requestId?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
}

export interface Submitted {
  /** As it was submitted; for a replay, as it is now. */
  readonly job: Job;
  /** The idempotency key had already made this job. */
  readonly replayed: boolean;
}

export interface WaitOptions extends Access {
  readonly timeoutMs: number;
  /** Also resolve as soon as this holds; asked once at the beginning, then after each move. Default: only the end counts. */
  readonly until?: (job: Job) => boolean;
  readonly signal?: AbortSignal;
}
