// The part of the storage port that keeps jobs: set-based, because the batch is where the speed comes from. Its writes also
// queue the deliveries of their events, see delivery-store.ts.
import type { JobStatus } from "@meanwhile/protocol";
import type { Change, NewEvent } from "../job/change.js";
import type { ClaimedJob, Job, JobId, Tombstone } from "../job/job.js";

/**
 * Queues and places: the ready jobs of one type and priority stand in one queue, and are claimed in the order (place, insertion).
 *
 * 1. A job draws its place when it becomes ready, not when it was submitted: 1 + the larger of the queue's front and the
 *    greatest place that its owner has among the ready jobs of the queue. So each owner has one job per place, as long as
 *    it has any, and its own stay in their order.
 * 2. The front is the smallest place of a ready job that is not below what the queue has `reached`, or else that itself:
 *    the greatest place that a claim ever took. So whoever comes late begins where the others are, and not before them.
 * 3. The jobs that one call makes ready draw together when all else of the call is done, in the order in which they became
 *    ready. Whose change says `keepsPlace` has the place that it was claimed from, where it had one.
 *
 * Calls at the same time need not see each other's places: that costs a tie, and no call ever waits for another's place.
 */
export interface JobStore {
  /**
   * Stores groups of new jobs with their first events, all groups in one transaction. A group is stored whole or not at
   * all, and one group's refusal does not touch another. Items of one call see each other's idempotency keys, those of a
   * refused group excepted. A refusal names the first item at fault.
   *
   * For a job with a `concurrencyKey` that is due (`readiness: "ready"`), the store joins the turn queue of
   * (owner, key) and writes `blocked` instead where somebody is before it.
   *
   * Files named by `fileIds` that exist and belong to the job's owner are linked to it: they live as long as the job.
   */
  insert(groups: readonly InsertGroup[], options?: { now?: number }): Promise<readonly InsertResult[]>;

  /** The job that holds an idempotency key, purged or not, and the fingerprint of its request. */
  findKeyHolder(owner: string, key: string): Promise<KeyHolder | undefined>;

  /**
   * Leases ready jobs: per type at most `limit`, in the order (priority descending, place, insertion). Where the request names a
   * `globalConcurrency`, at most as many as there is room for beside the jobs of the type that are leased already, by whomever;
   * two claims at the same moment never exceed it together, but one of them may bring less than there is. Each claimed job
   * gets `attempt + 1`, status `PROCESSING` (or `ROLLBACK_PROCESSING` from `ROLLBACK_REQUIRED`), `readiness: null`, the
   * lease, `startedAt` where it had none, `updatedAt: now`, and the event `job.started` (or `job.rollback_started`, whose
   * data are the job's error and undo steps), in one transaction.
   * The answer goes type by type as they were asked for, and inside a type in the order of the claim.
   * No job is ever claimed by two callers. The cost does not grow with finished, delayed or foreign jobs.
   */
  claim(request: ClaimRequest): Promise<readonly ClaimedJob[]>;

  /**
   * Applies changes in order, in one transaction; each one alone may miss its guard, and then writes nothing.
   * A change that makes a job terminal also ends its turn: the next job of its `concurrencyKey` that is due and
   * `blocked` becomes `ready`.
   *
   * @param options.userStatements run first, inside the same transaction, before any change; if one fails, nothing is
   *   written and the promise rejects with its error. If any guard misses, nothing is written either, and every result is
   *   `guard_failed`. A store without SQL rejects.
   */
  commit(changes: readonly Change[], options?: CommitOptions): Promise<readonly CommitResult[]>;

  /**
   * Prolongs leases that are still held with these tokens to `now + byMs`, all together. Draws no `seq`. Where somebody is
   * writing a job its lease is prolonged behind that; what somebody holds for long keeps its end, and is not lost.
   */
  extendLeases(leases: readonly HeldLease[], options: { byMs: number; now?: number }): Promise<readonly LeaseResult[]>;

  /** The job, whoever owns it, or `undefined`. A job past its `purgeAt` is still found until it is purged. */
  find(jobId: JobId): Promise<Job | undefined>;
  findTombstone(jobId: JobId): Promise<Tombstone | undefined>;

  /** Newest first (by insertion). A page may be short although `nextCursor` is set: the walk is bounded. */
  list(query: JobQuery): Promise<JobPage>;

  /** How many jobs of its type would be claimed before this ready job, counted up to `limit`; `undefined` where it is not ready. */
  countAhead(jobId: JobId, options: { limit: number }): Promise<number | undefined>;

  /** Jobs per type that are neither leased nor terminal, counted up to `limit` each; types without any are left out. */
  countWaiting(types: readonly string[], options: { limit: number }): Promise<ReadonlyMap<string, number>>;

  /**
   * Makes delayed jobs whose `runAt` has come `ready` (or `blocked`, where another job has the turn of their key), at most
   * `limit`, in the order (`runAt`, insertion), which is also the order in which they join the turn queues. Draws no `seq`
   * and leaves `updatedAt` alone.
   */
  makeReady(options: { limit: number; now?: number }): Promise<MakeReadyResult>;

  /** Jobs on which the clock has passed judgement; core decides what becomes of them. Longest overdue first, at most `limit`. */
  findDue(due: DueKind, options: { limit: number; now?: number }): Promise<readonly Job[]>;

  /** Ids of terminal jobs whose `purgeAt` has come, longest due first, at most `limit`. */
  findPurgeable(options: { limit: number; now?: number }): Promise<readonly JobId[]>;

  /**
   * Erases terminal jobs (row, payloads, events, logs, links to files), whether their `purgeAt` has come or not, and leaves a
   * tombstone from `now` for the job's retention again, but at least `minTombstoneMs`. Jobs that are not terminal, or gone,
   * are left alone.
   *
   * @returns the ids that were purged by this call.
   */
  purge(jobIds: readonly JobId[], options: { minTombstoneMs: number; now?: number }): Promise<readonly JobId[]>;

  /** Removes tombstones that have expired, with their idempotency keys, longest expired first, at most `limit`. @returns how many went. */
  removeTombstones(options: { limit: number; now?: number }): Promise<number>;
}

export interface NewJob {
  readonly job: Job;
  /** `job.submitted`, and `job.started` too where the job is claimed at birth. `job.lastSeq` is their number. */
  readonly events: readonly NewEvent[];
  readonly idempotency: { readonly key: string; readonly fingerprint: string } | null;
  readonly fileIds: readonly string[];
}

export type InsertGroup = readonly NewJob[];

export type InsertResult =
  | { readonly outcome: "stored"; readonly items: readonly InsertedItem[] }
  /**
   * Item `index` holds a key that belongs to another request; nothing of the group was stored. Where the other request is an
   * earlier item of the same group, `jobId` is that item's and not stored either.
   */
  | { readonly outcome: "key_reused"; readonly index: number; readonly jobId: JobId }
  /** Item `index` holds the key of a job that was purged, or whose `purgeAt` has come, whatever its fingerprint; nothing of the group was stored. */
  | { readonly outcome: "purged"; readonly index: number; readonly jobId: JobId };

/** `exists`: the key and its fingerprint are those of this earlier job; nothing was written for the item. */
export type InsertedItem = { readonly outcome: "created" | "exists"; readonly jobId: JobId };

export interface KeyHolder {
  readonly jobId: JobId;
  readonly fingerprint: string;
}

export interface ClaimRequest {
  readonly workerId: string;
  /** New for every request: it fences all the leases of this claim. */
  readonly leaseToken: string;
  readonly leaseMs: number;
  readonly types: readonly ClaimedType[];
  readonly now?: number;
}

export interface ClaimedType {
  readonly type: string;
  readonly limit: number;
  /** Jobs of the type that may be leased at once, over all workers. `null` or absent: any number. */
  readonly globalConcurrency?: number | null;
}

export interface CommitOptions {
  readonly userStatements?: readonly UserStatement[];
}

/** A statement of the user's own, to be committed together with the job's completion. */
export interface UserStatement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

export type CommitResult =
  /** `readiedType`: the type of the job that got this one's turn of their `concurrencyKey`, where one did. */
  | { readonly outcome: "committed"; readonly lastSeq: number; readonly readiedType?: string }
  /** A fact in the guard no longer holds, or the job is gone. Nothing was written for it. */
  | { readonly outcome: "guard_failed" };

export interface HeldLease {
  readonly jobId: JobId;
  readonly leaseToken: string;
}

export type LeaseResult =
  | { readonly outcome: "extended"; readonly cancelRequestedBy: string | null }
  | { readonly outcome: "lost" };

export interface JobQuery {
  /** `undefined`: every owner's jobs. */
  readonly owner?: string;
  readonly type?: string;
  readonly status?: JobStatus;
  readonly tag?: string;
  readonly callbackId?: string;
  /** Exclusive. */
  readonly createdAfter?: number;
  /** Exclusive. */
  readonly createdBefore?: number;
  readonly limit: number;
  /** From an earlier page. @throws AppError `invalid_request` where it cannot be read. */
  readonly cursor?: string;
}

export interface JobPage {
  readonly items: readonly Job[];
  readonly nextCursor: string | null;
}

export interface MakeReadyResult {
  /** Types that have a newly ready job, in no order. */
  readonly types: readonly string[];
  /** Jobs that are delayed no more, the blocked ones included; `limit` says that there may be others. */
  readonly count: number;
  /** The next `runAt` among the jobs that are still delayed; `null` where none is. */
  readonly nextRunAt: number | null;
}

/**
 * `lease`: leased, and the lease has run out. `start`: `PENDING`, has never started, and `startBy` has come.
 * `deadline`: `PENDING`, and `completeBy` has come. A rollback has no deadline: what is to be undone is undone late, too.
 */
export type DueKind = "lease" | "start" | "deadline";
